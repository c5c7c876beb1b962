import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import { CatalogueEntries } from './catalogue-entries.js';
import type { NewEntry } from './new-entry.js';

/** Adapters of one round. */
const BATCH = 500;

interface AdapterFacts {
  id: string;
  name: string;
  description: string;
  license: string | null;
  owner_id: string;
  visibility: 'private' | 'group' | 'public';
  visible_to: string | null;
  digest: string | null;
  base_digest: string | null;
  base_model: string | null;
  size_bytes: string | null;
  encodings: string[] | null;
  created_at: Date;
}

/** Keeps adapters with a version that is ready in the catalogue, seen by those who may see the adapter. */
@Injectable()
export class AdapterEntries {
  constructor(
    private readonly db: Database,
    private readonly entries: CatalogueEntries,
  ) {}

  /** To be called whenever an adapter became ready, changed or went away. */
  async refresh(adapterId: string): Promise<void> {
    const [adapter] = await this.read([adapterId]);
    if (adapter) await this.entries.put([toEntry(adapter)]);
    else await this.entries.remove([idOf(adapterId)]);
  }

  /** Makes good what was missed, at a start. */
  async refreshAll(): Promise<void> {
    const missing = await this.db.query<{ id: string }>(
      `SELECT a.id FROM explore.adapters a
       WHERE NOT EXISTS (SELECT FROM explore.catalogue_entries e WHERE e.id = 'adapter:' || a.id)`,
    );
    const ids = missing.map(({ id }) => id);
    for (let at = 0; at < ids.length; at += BATCH)
      await this.entries.put((await this.read(ids.slice(at, at + BATCH))).map(toEntry));
  }

  private read(ids: readonly string[]): Promise<AdapterFacts[]> {
    return this.db.query(
      `SELECT a.id, a.name, a.description, a.license, a.owner_id, a.visibility, a.visible_to, a.base_digest,
         a.created_at, f.encodings, f.size_bytes, f.digest,
         coalesce(m.name, v.made_for) AS base_model
       FROM explore.adapters a
       JOIN LATERAL (SELECT id, made_for FROM explore.adapter_versions
         WHERE adapter_id = a.id AND status = 'ready' ORDER BY number DESC LIMIT 1) v ON true
       LEFT JOIN LATERAL (SELECT array_agg(encoding ORDER BY encoding) AS encodings, sum(size_bytes) AS size_bytes,
           min(digest) AS digest
         FROM explore.adapter_files WHERE version_id = v.id) f ON true
       LEFT JOIN explore.models m ON m.digest = a.base_digest
       WHERE a.id = ANY ($1::uuid[])`,
      [ids],
    );
  }
}

const idOf = (adapterId: string) => `adapter:${adapterId}`;

const toEntry = (row: AdapterFacts): NewEntry => ({
  id: idOf(row.id),
  kind: 'adapter',
  origin: 'adapter',
  name: row.name,
  publisher: null,
  description: row.description,
  license: row.license,
  parameters: null,
  quantization: null,
  contextLength: null,
  sizeBytes: row.size_bytes === null ? null : Number(row.size_bytes),
  digest: row.digest,
  baseModel: row.base_model,
  baseDigest: row.base_digest,
  languages: [],
  capabilities: [],
  encodings: row.encodings ?? [],
  places: {},
  ownerId: row.owner_id,
  visibility: row.visibility,
  visibleTo: row.visible_to,
  addedAt: row.created_at,
});
