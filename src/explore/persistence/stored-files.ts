import { Injectable } from '@nestjs/common';
import type { Actor } from '@app/messaging';
import { Database } from '@app/persistence';
import type { AdapterEncoding } from '../contracts/index.js';
import { fileNameOf, visibleToActor } from './adapter-rows.js';

export interface StoredFile {
  sha256: string;
  name: string;
  sizeBytes: number;
  key: string;
  /** Every account may see it. */
  shared: boolean;
}

/** Every file that is delivered, by its digest: models for everybody who is signed in, adapters for who may see them. */
@Injectable()
export class StoredFiles {
  constructor(private readonly db: Database) {}

  /** @param actor null: for whoever was given a link */
  async find(sha256: string, actor: Actor | null): Promise<StoredFile | null> {
    const [model] = await this.db.query<{ name: string; size_bytes: string; key: string }>(
      `SELECT id || '.gguf' AS name, size_bytes, digest || '.gguf' AS key
         FROM explore.models WHERE digest = $1 AND available
       UNION ALL
       SELECT id || '.' || format AS name, size_bytes, key FROM explore.browser_models WHERE digest = $1
       LIMIT 1`,
      [sha256],
    );
    if (model) return { sha256, name: model.name, sizeBytes: Number(model.size_bytes), key: model.key, shared: true };
    const [file] = await this.db.query<{
      name: string;
      encoding: AdapterEncoding;
      size_bytes: string;
      key: string;
      shared: boolean;
    }>(
      `SELECT a.name, f.encoding, f.size_bytes, f.key, a.visibility = 'public' AS shared FROM explore.adapter_files f
         JOIN explore.adapter_versions v ON v.id = f.version_id JOIN explore.adapters a ON a.id = v.adapter_id
       WHERE f.digest = $3 AND ($4::boolean OR ${visibleToActor}) ORDER BY shared DESC LIMIT 1`,
      [actor?.userId ?? null, actor?.role ?? null, sha256, actor === null],
    );
    if (!file) return null;
    const { name, encoding, size_bytes, key, shared } = file;
    return { sha256, name: fileNameOf(name, encoding), sizeBytes: Number(size_bytes), key, shared };
  }
}
