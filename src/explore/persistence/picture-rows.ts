import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import type { PlacedPicture } from '../contracts/index.js';

interface PictureRow {
  type: PlacedPicture['type'] | null;
  size_bytes: string;
  digest: string | null;
  fetched_at: Date;
}

export interface KeptPicture {
  picture: PlacedPicture | null;
  /** What was there is no picture. */
  refused: boolean;
  fetchedAt: Date;
}

/** The table of pictures that were brought, or tried to. */
@Injectable()
export class PictureRows {
  constructor(private readonly db: Database) {}

  async find(id: string): Promise<KeptPicture | null> {
    const [row] = await this.db.query<PictureRow>(
      `UPDATE explore.pictures SET used_at = now() WHERE id = $1 RETURNING type, size_bytes, digest, fetched_at`,
      [id],
    );
    if (!row) return null;
    const { type, digest, fetched_at: fetchedAt } = row;
    const sizeBytes = Number(row.size_bytes);
    const picture = type && digest ? { key: `pictures/${digest}`, type, sizeBytes, digest } : null;
    return { picture, refused: picture === null, fetchedAt };
  }

  async put(id: string, { type, sizeBytes, digest }: PlacedPicture): Promise<void> {
    await this.set(id, type, sizeBytes, digest);
  }

  async refuse(id: string): Promise<void> {
    await this.set(id, null, 0, null);
  }

  /** Forgets those not used for longest until no more than so many bytes are left; answers what to delete in the storage. */
  async makeRoom(mostBytes: number): Promise<string[]> {
    const gone = await this.db.query<{ digest: string | null }>(
      `DELETE FROM explore.pictures WHERE id IN (
         SELECT id FROM (
           SELECT id, sum(size_bytes) OVER (ORDER BY used_at DESC, id) AS bytes,
             row_number() OVER (ORDER BY used_at DESC, id) AS place FROM explore.pictures
         ) p WHERE p.bytes > $1 OR p.place > 20000
       ) RETURNING digest`,
      [mostBytes],
    );
    const digests = [...new Set(gone.flatMap(({ digest }) => digest ?? []))];
    if (digests.length === 0) return [];
    const still = await this.db.query<{ digest: string }>(
      `SELECT digest FROM explore.pictures WHERE digest = ANY ($1::text[])`,
      [digests],
    );
    return digests
      .filter((digest) => still.every((row) => row.digest !== digest))
      .map((digest) => `pictures/${digest}`);
  }

  private async set(id: string, type: string | null, sizeBytes: number, digest: string | null): Promise<void> {
    await this.db.query(
      `INSERT INTO explore.pictures (id, type, size_bytes, digest, fetched_at, used_at)
       VALUES ($1, $2, $3, $4, now(), now())
       ON CONFLICT (id) DO UPDATE SET type = excluded.type, size_bytes = excluded.size_bytes,
         digest = excluded.digest, fetched_at = now(), used_at = now()`,
      [id, type, sizeBytes, digest],
    );
  }
}
