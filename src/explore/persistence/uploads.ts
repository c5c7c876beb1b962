import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import type { UploadView } from '../contracts/index.js';

export interface Upload {
  id: string;
  ownerId: string;
  fileName: string;
  sizeBytes: number;
  receivedBytes: number;
  createdAt: Date;
  expiresAt: Date;
}

export interface UploadPart {
  key: string;
  bytes: number;
}

interface UploadRow {
  id: string;
  owner_id: string;
  file_name: string;
  size_bytes: string;
  received_bytes: string;
  created_at: Date;
  expires_at: Date;
}

/** The table of uploads and of the pieces that count. */
@Injectable()
export class Uploads {
  constructor(private readonly db: Database) {}

  async add(upload: Upload): Promise<void> {
    await this.db.query(
      `INSERT INTO explore.uploads (id, owner_id, file_name, size_bytes, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [upload.id, upload.ownerId, upload.fileName, upload.sizeBytes, upload.createdAt, upload.expiresAt],
    );
  }

  /** Null too when it has expired. */
  async find(id: string, now: Date): Promise<Upload | null> {
    const [row] = await this.db.query<UploadRow>(`SELECT * FROM explore.uploads WHERE id = $1 AND expires_at > $2`, [
      id,
      now,
    ]);
    return row ? toUpload(row) : null;
  }

  async countOf(ownerId: string): Promise<number> {
    const [row] = await this.db.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM explore.uploads WHERE owner_id = $1`,
      [ownerId],
    );
    return row?.count ?? 0;
  }

  /** Makes a stored piece count; null when another one came first, or the file would be longer than announced. */
  async append(id: string, offset: number, part: UploadPart, expiresAt: Date): Promise<Upload | null> {
    const [row] = await this.db.query<UploadRow>(
      `WITH grown AS (
         UPDATE explore.uploads SET received_bytes = received_bytes + $3::int, expires_at = $5
         WHERE id = $1 AND received_bytes = $2 AND received_bytes + $3::int <= size_bytes RETURNING *
       ), added AS (
         INSERT INTO explore.upload_parts (upload_id, start_byte, bytes, key) SELECT id, $2, $3::int, $4 FROM grown
       ) SELECT * FROM grown`,
      [id, offset, part.bytes, part.key, expiresAt],
    );
    return row ? toUpload(row) : null;
  }

  async partsOf(id: string): Promise<UploadPart[]> {
    return this.db.query<UploadPart>(
      `SELECT key, bytes FROM explore.upload_parts WHERE upload_id = $1 ORDER BY start_byte`,
      [id],
    );
  }

  async remove(ids: string[]): Promise<void> {
    await this.db.query(`DELETE FROM explore.uploads WHERE id = ANY($1::uuid[])`, [ids]);
  }

  /** What nobody continued in time; those that a conversion still reads are its own business. */
  async expired(now: Date): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(
      `SELECT id FROM explore.uploads u WHERE expires_at <= $1 AND NOT EXISTS (
         SELECT FROM explore.adapter_versions v WHERE u.id = ANY(v.upload_ids) AND v.status IN ('queued', 'converting'))
       ORDER BY expires_at LIMIT 50`,
      [now],
    );
    return rows.map(({ id }) => id);
  }
}

export const isComplete = (upload: Upload): boolean => upload.receivedBytes === upload.sizeBytes;

export const toUploadView = ({ ownerId: _owner, createdAt, expiresAt, ...upload }: Upload): UploadView => ({
  ...upload,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
});

const toUpload = (row: UploadRow): Upload => ({
  id: row.id,
  ownerId: row.owner_id,
  fileName: row.file_name,
  sizeBytes: Number(row.size_bytes),
  receivedBytes: Number(row.received_bytes),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
});
