import { Injectable } from '@nestjs/common';
import { Config } from '@app/config';
import { type Actor } from '@app/messaging';
import { Database } from '@app/persistence';
import type { EntryView } from '../contracts/index.js';
import { unknownCatalogueEntry } from '../domain/errors.js';
import { EntryFits } from '../fit/entry-fits.js';
import type { EntryMemory } from '../search/entry-memory.js';
import type { NewEntry } from '../search/new-entry.js';
import { installColumns, type InstallRow, toInstall } from './install-rows.js';

interface EntryRow {
  id: string;
  kind: 'model' | 'adapter';
  origin: NewEntry['origin'];
  name: string;
  publisher: string | null;
  description: string;
  license: string | null;
  parameters: string | null;
  quantization: string | null;
  context_length: number | null;
  size_bytes: string | null;
  digest: string | null;
  base_model: string | null;
  base_digest: string | null;
  tags: string[];
  places: NewEntry['places'];
  memory: EntryMemory | null;
  file_bytes: string | null;
  uses: string;
  rating: number;
  rating_count: number;
  stars: number | null;
  installed_as: string | null;
  added_at: Date;
}

/** Entries as they are shown: with the caller's rating, and whether they are installed. */
@Injectable()
export class EntryRows {
  constructor(
    private readonly db: Database,
    private readonly config: Config,
    private readonly fits: EntryFits,
  ) {}

  async get(id: string, actor: Actor | null): Promise<EntryView> {
    const [entry] = await this.list([id], actor);
    if (!entry) throw unknownCatalogueEntry(id);
    return entry;
  }

  /** In the order of the ids; those that the caller may not see are left out. */
  async list(ids: readonly string[], actor: Actor | null): Promise<EntryView[]> {
    const rows = await this.db.query<EntryRow>(
      `SELECT e.*, r.stars,
         (SELECT m.id FROM explore.models m
          WHERE m.available AND (m.catalogue_id = e.id OR m.digest = e.digest) ORDER BY m.installed_at LIMIT 1
         ) AS installed_as
       FROM explore.catalogue_entries e
       LEFT JOIN explore.catalogue_ratings r ON r.entry_id = e.id AND r.user_id = $2::uuid
       WHERE e.id = ANY ($1::text[]) AND (e.visibility = 'public' OR e.owner_id = $2::uuid
         OR (e.visibility = 'group' AND e.visible_to = $3::text))`,
      [ids, actor?.userId ?? null, actor?.role ?? null],
    );
    const installs = await this.db.query<InstallRow>(
      `SELECT DISTINCT ON (catalogue_id) ${installColumns} FROM explore.installs
       WHERE catalogue_id = ANY ($1::text[]) ORDER BY catalogue_id, created_at DESC, id DESC`,
      [ids],
    );
    const fitOf = await this.fits.lately();
    const latest = new Map(installs.map((row) => [row.catalogue_id, toInstall(row).view()]));
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.flatMap((id) => {
      const row = byId.get(id);
      return row ? [{ ...this.toView(row), fit: fitOf(row), install: latest.get(id) ?? null }] : [];
    });
  }

  private toView(row: EntryRow): Omit<EntryView, 'install' | 'fit'> {
    const number = (text: string | null) => (text === null ? null : Number(text));
    const tags = (name: string) =>
      row.tags.filter((tag) => tag.startsWith(`${name}:`)).map((tag) => tag.slice(name.length + 1));
    return {
      id: row.id,
      kind: row.kind,
      origin: row.origin,
      name: row.name,
      publisher: row.publisher,
      description: row.description,
      license: row.license,
      parameters: number(row.parameters),
      quantization: row.quantization,
      contextLength: row.context_length,
      sizeBytes: number(row.size_bytes),
      digest: row.digest,
      baseModel: row.base_model,
      baseDigest: row.base_digest,
      languages: tags('language'),
      capabilities: tags('capability'),
      encodings: tags('encoding'),
      sources: tags('source'),
      repo: row.places.huggingface?.repo ?? row.places.repo ?? null,
      installable: row.kind === 'model' && Object.keys(row.places).some((place) => place !== 'repo'),
      rating: {
        average: row.rating_count > 0 ? row.rating : null,
        count: row.rating_count,
        mine: row.stars,
      },
      uses: Number(row.uses),
      default: row.id === this.config.inference.defaultModel,
      installedAs: row.installed_as,
      addedAt: row.added_at.toISOString(),
    };
  }
}
