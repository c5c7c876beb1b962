import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import type { BrowserModelView } from '../contracts/index.js';

interface BrowserModelRow {
  id: string;
  name: string;
  digest: string;
  size_bytes: string;
  format: BrowserModelView['format'];
  lora: boolean;
  license: string | null;
  key: string;
  installed_at: Date;
}

export type StoredBrowserModel = BrowserModelView & { key: string };

/** The table of models for the browser. */
@Injectable()
export class BrowserModels {
  constructor(private readonly db: Database) {}

  async list(): Promise<StoredBrowserModel[]> {
    const rows = await this.db.query<BrowserModelRow>(`SELECT * FROM explore.browser_models ORDER BY installed_at, id`);
    return rows.map(toModel);
  }

  async findByDigest(digest: string): Promise<StoredBrowserModel | null> {
    const [row] = await this.db.query<BrowserModelRow>(`SELECT * FROM explore.browser_models WHERE digest = $1`, [
      digest,
    ]);
    return row ? toModel(row) : null;
  }

  /** False when the name or the file is taken. */
  async add(model: StoredBrowserModel): Promise<boolean> {
    const rows = await this.db.query(
      `INSERT INTO explore.browser_models (id, name, digest, size_bytes, format, lora, license, key, installed_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING id`,
      [
        ...[model.id, model.name, model.digest, model.sizeBytes, model.format, model.lora, model.license, model.key],
        model.installedAt,
      ],
    );
    return rows.length > 0;
  }

  async remove(id: string): Promise<StoredBrowserModel | null> {
    const [row] = await this.db.query<BrowserModelRow>(`DELETE FROM explore.browser_models WHERE id = $1 RETURNING *`, [
      id,
    ]);
    return row ? toModel(row) : null;
  }
}

const toModel = (row: BrowserModelRow): StoredBrowserModel => ({
  id: row.id,
  name: row.name,
  digest: row.digest,
  sizeBytes: Number(row.size_bytes),
  format: row.format,
  lora: row.lora,
  license: row.license,
  key: row.key,
  installedAt: row.installed_at.toISOString(),
});
