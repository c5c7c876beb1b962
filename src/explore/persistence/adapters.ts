import { Injectable } from '@nestjs/common';
import type { Actor } from '@app/messaging';
import { Database } from '@app/persistence';
import type { AdapterEncoding, InstallError, Visibility } from '../contracts/index.js';
import { adapterNotFound } from '../domain/adapter-errors.js';
import { type AdapterRow, mayChange, selectAdapters, visibleToActor } from './adapter-rows.js';

export interface NewAdapter {
  id: string;
  ownerId: string;
  name: string;
  description: string;
  license: string | null;
  visibility: Visibility;
  group: 'admin' | 'user' | null;
  baseDigest: string | null;
  browserBaseDigest: string | null;
}

export interface AdapterFile {
  encoding: AdapterEncoding;
  sha256: string;
  sizeBytes: number;
  key: string;
}

/** A conversion that this worker holds until another one takes it with a higher epoch. */
export interface Conversion {
  versionId: string;
  adapterId: string;
  ownerId: string;
  name: string;
  number: number;
  epoch: number;
  uploadIds: string[];
  baseDigest: string | null;
  browserBaseDigest: string | null;
}

export interface ConversionResult {
  files: AdapterFile[];
  rank: number;
  scale: number | null;
  madeFor: string | null;
  notes: InstallError[];
}

/** The tables of adapters, their versions and files. */
@Injectable()
export class Adapters {
  constructor(private readonly db: Database) {}

  async add(adapter: NewAdapter, now: Date): Promise<void> {
    await this.db.query(
      `INSERT INTO explore.adapters (id, owner_id, name, description, license, visibility, visible_to, base_digest,
         browser_base_digest, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
      [
        ...[adapter.id, adapter.ownerId, adapter.name, adapter.description, adapter.license, adapter.visibility],
        ...[adapter.group, adapter.baseDigest, adapter.browserBaseDigest, now],
      ],
    );
  }

  /** Answers the number of the version. */
  async addVersion(adapterId: string, versionId: string, uploadIds: string[], now: Date): Promise<number> {
    await this.db.query(`SELECT 1 FROM explore.adapters WHERE id = $1 FOR UPDATE`, [adapterId]);
    const [row] = await this.db.query<{ number: number }>(
      `INSERT INTO explore.adapter_versions (id, adapter_id, number, status, upload_ids, created_at)
       SELECT $2, $1, coalesce(max(number), 0) + 1, 'queued', $3::uuid[], $4
       FROM explore.adapter_versions WHERE adapter_id = $1 RETURNING number`,
      [adapterId, versionId, uploadIds, now],
    );
    return row!.number;
  }

  async countOf(ownerId: string): Promise<number> {
    const [row] = await this.db.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM explore.adapters WHERE owner_id = $1`,
      [ownerId],
    );
    return row?.count ?? 0;
  }

  /** @throws DomainError explore.adapter-not-found, also for what the actor may not know of */
  async visible(id: string, actor: Actor): Promise<AdapterRow> {
    const [row] = await this.db.query<AdapterRow>(`${selectAdapters} WHERE ${visibleToActor} AND a.id = $3`, [
      ...[actor.userId, actor.role, id],
    ]);
    if (!row) throw adapterNotFound(id);
    return row;
  }

  /** The same for one that the actor may change. */
  async changeable(id: string, actor: Actor): Promise<AdapterRow> {
    const row = await this.visible(id, actor);
    if (!mayChange(row.owner_id, actor)) throw adapterNotFound(id);
    return row;
  }

  async change(id: string, adapter: Omit<NewAdapter, 'id' | 'ownerId' | 'baseDigest' | 'browserBaseDigest'>) {
    await this.db.query(
      `UPDATE explore.adapters SET name = $2, description = $3, license = $4, visibility = $5, visible_to = $6,
         updated_at = now() WHERE id = $1`,
      [id, adapter.name, adapter.description, adapter.license, adapter.visibility, adapter.group],
    );
  }

  /** Answers what is to be removed with it. */
  async remove(id: string): Promise<{ versionIds: string[]; sha256: string[]; uploadIds: string[] }> {
    const versions = await this.db.query<{ id: string; digest: string | null; upload_ids: string[] }>(
      `SELECT v.id, f.digest, v.upload_ids FROM explore.adapter_versions v LEFT JOIN explore.adapter_files f ON f.version_id = v.id
       WHERE v.adapter_id = $1`,
      [id],
    );
    await this.db.query(`DELETE FROM explore.adapters WHERE id = $1`, [id]);
    return {
      versionIds: [...new Set(versions.map((version) => version.id))],
      sha256: versions.flatMap(({ digest }) => digest ?? []),
      uploadIds: [...new Set(versions.flatMap((version) => version.upload_ids))],
    };
  }

  /** Takes a conversion that is not final for this worker; null when there is none. */
  async claim(versionId: string): Promise<Conversion | null> {
    const [row] = await this.db.query<{
      id: string;
      adapter_id: string;
      owner_id: string;
      name: string;
      number: number;
      epoch: number;
      upload_ids: string[];
      base_digest: string | null;
      browser_base_digest: string | null;
    }>(
      `WITH taken AS (
         UPDATE explore.adapter_versions SET status = 'converting', epoch = epoch + 1, progress = 0
         WHERE id = $1 AND status IN ('queued', 'converting') RETURNING *
       ) SELECT t.id, t.adapter_id, t.number, t.epoch, t.upload_ids, a.owner_id, a.name, a.base_digest,
           a.browser_base_digest
         FROM taken t JOIN explore.adapters a ON a.id = t.adapter_id`,
      [versionId],
    );
    return row
      ? {
          ...{ versionId: row.id, adapterId: row.adapter_id, ownerId: row.owner_id, name: row.name },
          ...{ number: row.number, epoch: row.epoch, uploadIds: row.upload_ids },
          ...{ baseDigest: row.base_digest, browserBaseDigest: row.browser_base_digest },
        }
      : null;
  }

  /** False when it is not this worker's any more. */
  async progress({ versionId, epoch }: Conversion, step: string, progress: number): Promise<boolean> {
    const rows = await this.db.query(
      `UPDATE explore.adapter_versions SET step = $3, progress = $4
       WHERE id = $1 AND epoch = $2 AND status = 'converting' RETURNING id`,
      [versionId, epoch, step, progress],
    );
    return rows.length > 0;
  }

  /** False when it is not this worker's any more. */
  async complete({ versionId, epoch }: Conversion, result: ConversionResult): Promise<boolean> {
    const rows = await this.db.query(
      `UPDATE explore.adapter_versions SET status = 'ready', step = NULL, progress = 1, rank = $3, scale = $4,
         made_for = $5, notes = $6::jsonb WHERE id = $1 AND epoch = $2 AND status = 'converting' RETURNING id`,
      [versionId, epoch, result.rank, result.scale, result.madeFor, JSON.stringify(result.notes)],
    );
    if (rows.length === 0) return false;
    for (const { encoding, sha256, sizeBytes, key } of result.files)
      await this.db.query(
        `INSERT INTO explore.adapter_files (version_id, encoding, digest, size_bytes, key) VALUES ($1, $2, $3, $4, $5)`,
        [versionId, encoding, sha256, sizeBytes, key],
      );
    return true;
  }

  /** False when it is not this worker's any more. */
  async fail({ versionId, epoch }: Conversion, error: InstallError): Promise<boolean> {
    const rows = await this.db.query(
      `UPDATE explore.adapter_versions SET status = 'failed', step = NULL, error = $3::jsonb
       WHERE id = $1 AND epoch = $2 AND status = 'converting' RETURNING id`,
      [versionId, epoch, JSON.stringify(error)],
    );
    return rows.length > 0;
  }
}
