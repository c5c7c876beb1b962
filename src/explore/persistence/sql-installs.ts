import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import type { Install } from '../domain/install.js';
import { Installs } from '../domain/installs.js';
import { installColumns, type InstallRow, toInstall } from './install-rows.js';

const active = `status IN ('queued', 'downloading', 'verifying')`;

@Injectable()
export class SqlInstalls extends Installs {
  constructor(private readonly db: Database) {
    super();
  }

  async add(install: Install): Promise<boolean> {
    const { snapshot: s } = install;
    const rows = await this.db.query(
      `WITH added AS (
         INSERT INTO explore.installs (id, catalogue_id, name, digest, status, total_bytes, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT DO NOTHING RETURNING id
       ) SELECT id FROM added`,
      [s.id, s.catalogueId, s.name, s.digest, s.status, s.totalBytes, s.createdAt],
    );
    return rows.length === 1;
  }

  async find(id: string): Promise<Install | null> {
    return this.one(`WHERE id = $1 ${this.db.inTransaction ? 'FOR UPDATE' : ''}`, id);
  }

  async findActive(key: string): Promise<Install | null> {
    return this.one(`WHERE coalesce(digest, catalogue_id) = $1 AND ${active}`, key);
  }

  async latestOf(catalogueId: string): Promise<Install | null> {
    return this.one(`WHERE catalogue_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1`, catalogueId);
  }

  async save(install: Install): Promise<boolean> {
    const { snapshot: s } = install;
    const [row] = await this.db.query<{ revision: number }>(
      `WITH saved AS (
         UPDATE explore.installs
         SET digest = $3, status = $4, source = $5, received_bytes = $6, error = $7::jsonb, updated_at = $8,
             revision = revision + 1
         WHERE id = $1 AND revision = $2 RETURNING revision
       ) SELECT revision FROM saved`,
      [
        s.id,
        s.revision,
        s.digest,
        s.status,
        s.source,
        s.receivedBytes,
        s.error && JSON.stringify(s.error),
        s.updatedAt,
      ],
    );
    if (row) install.stored(row.revision);
    return row !== undefined;
  }

  private async one(where: string, parameter: string): Promise<Install | null> {
    const [row] = await this.db.query<InstallRow>(`SELECT ${installColumns} FROM explore.installs ${where}`, [
      parameter,
    ]);
    return row ? toInstall(row) : null;
  }
}
