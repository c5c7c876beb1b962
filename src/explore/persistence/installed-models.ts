import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import type { InstalledModelView } from '../contracts/index.js';

interface ModelRow {
  id: string;
  name: string;
  digest: string;
  size_bytes: string;
  architecture: string;
  context_length: number;
  license: string | null;
  is_default: boolean;
  installed_at: Date;
}

export interface NewModel {
  id: string;
  catalogueId: string;
  name: string;
  digest: string;
  sizeBytes: number;
  architecture: string;
  contextLength: number;
  license: string | null;
  installedAt: Date;
}

const columns = 'id, name, digest, size_bytes, architecture, context_length, license, is_default, installed_at';

/** The table of installed models. Those whose file is gone stay in it as unavailable, so that a repair finds them. */
@Injectable()
export class InstalledModels {
  constructor(private readonly db: Database) {}

  async list(): Promise<InstalledModelView[]> {
    return this.select(`WHERE available ORDER BY installed_at, id`);
  }

  async find(id: string): Promise<InstalledModelView | null> {
    const [model] = await this.select(`WHERE available AND id = $1`, id);
    return model ?? null;
  }

  async findByDigest(digest: string): Promise<InstalledModelView | null> {
    const [model] = await this.select(`WHERE available AND digest = $1`, digest);
    return model ?? null;
  }

  /** What is known under the id of a catalogue entry, unavailable ones included. */
  async knows(catalogueId: string): Promise<boolean> {
    return (await this.db.query(`SELECT 1 FROM explore.models WHERE catalogue_id = $1`, [catalogueId])).length > 0;
  }

  async catalogueIds(): Promise<{ catalogue_id: string; digest: string }[]> {
    return this.db.query(`SELECT catalogue_id, digest FROM explore.models WHERE available`);
  }

  /** Adds it, or makes the known one with this digest available again. The first model becomes the default. */
  async add(model: NewModel): Promise<InstalledModelView> {
    const [taken] = await this.db.query<{ digest: string }>(`SELECT digest FROM explore.models WHERE id = $1`, [
      model.id,
    ]);
    // A newer version of an entry, or a file of the same name, lives beside the old one.
    const id = taken && taken.digest !== model.digest ? `${model.id}-${model.digest.slice(0, 8)}` : model.id;
    const [row] = await this.db.query<ModelRow>(
      `WITH added AS (
         INSERT INTO explore.models
           (id, catalogue_id, name, digest, size_bytes, architecture, context_length, license, installed_at, is_default)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NOT EXISTS (SELECT FROM explore.models WHERE is_default))
         ON CONFLICT (digest) DO UPDATE
           SET available = true, installed_at = excluded.installed_at,
               is_default = models.is_default OR excluded.is_default
         RETURNING *
       ) SELECT ${columns} FROM added`,
      [
        id,
        model.catalogueId,
        model.name,
        model.digest,
        model.sizeBytes,
        model.architecture,
        model.contextLength,
        model.license,
        model.installedAt,
      ],
    );
    if (!row) throw new Error('The model was not stored.');
    return toView(row);
  }

  /** Takes the model off the list, for good or until its file is back. Answers the default that replaces it, if any. */
  async takeAway(id: string, { forGood }: { forGood: boolean }): Promise<string | null> {
    const [gone] = await this.db.query<{ was_default: boolean }>(
      `SELECT is_default AS was_default FROM explore.models WHERE id = $1 FOR UPDATE`,
      [id],
    );
    if (forGood) await this.db.query(`DELETE FROM explore.models WHERE id = $1`, [id]);
    else await this.db.query(`UPDATE explore.models SET available = false, is_default = false WHERE id = $1`, [id]);
    const [next] = gone?.was_default ? await this.list() : [];
    if (!next) return null;
    await this.makeDefault(next.id);
    return next.id;
  }

  async makeDefault(id: string): Promise<void> {
    // Two statements, because the unique index on the default is checked row by row.
    await this.db.query(`UPDATE explore.models SET is_default = false WHERE is_default AND id <> $1`, [id]);
    await this.db.query(`UPDATE explore.models SET is_default = true WHERE id = $1`, [id]);
  }

  private async select(where: string, ...parameters: string[]): Promise<InstalledModelView[]> {
    const rows = await this.db.query<ModelRow>(`SELECT ${columns} FROM explore.models ${where}`, parameters);
    return rows.map(toView);
  }
}

const toView = (row: ModelRow): InstalledModelView => ({
  id: row.id,
  name: row.name,
  digest: row.digest,
  sizeBytes: Number(row.size_bytes),
  architecture: row.architecture,
  contextLength: row.context_length,
  license: row.license,
  default: row.is_default,
  installedAt: row.installed_at.toISOString(),
});
