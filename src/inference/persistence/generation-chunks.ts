import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';

/** One entry of the generation log. A `restart` voids every text before it; its text is the reason. */
export interface LogEntry {
  sequence: number;
  kind: 'token' | 'restart';
  text: string;
  tokenIds: number[];
}

export interface NewEntry extends LogEntry {
  generationId: string;
  epoch: number;
}

export interface StoredEntry {
  generationId: string;
  sequence: number;
  /** Somebody asked to stop this generation meanwhile. */
  stopRequested: boolean;
}

/** The generation log. Its rows are only ever added. */
@Injectable()
export class GenerationChunks {
  constructor(private readonly db: Database) {}

  /**
   * Stores the entries of all running generations in one statement, and says which were stored: one is left out when
   * another worker holds its generation by now.
   */
  async append(entries: readonly NewEntry[]): Promise<StoredEntry[]> {
    const rows = await this.db.query<{ generation_id: string; sequence: number; stop_requested: boolean }>(
      `WITH fresh AS (
         SELECT f.*, g.stop_requested
         FROM jsonb_to_recordset($1::jsonb)
           AS f("generationId" uuid, epoch int, sequence int, kind text, text text, "tokenIds" jsonb)
         JOIN inference.generations g ON g.id = f."generationId" AND g.epoch = f.epoch AND g.status = 'running'
       ), stored AS (
         INSERT INTO inference.generation_chunks (generation_id, sequence, kind, text, token_ids)
         SELECT "generationId", sequence, kind, text, "tokenIds" FROM fresh
         ON CONFLICT DO NOTHING RETURNING generation_id, sequence
       )
       SELECT s.generation_id, s.sequence, f.stop_requested
       FROM stored s JOIN fresh f ON f."generationId" = s.generation_id AND f.sequence = s.sequence`,
      [JSON.stringify(entries)],
    );
    return rows.map((row) => ({
      generationId: row.generation_id,
      sequence: row.sequence,
      stopRequested: row.stop_requested,
    }));
  }

  /** Entries with a sequence above `after`, up to `through`, oldest first, at most `limit`. */
  async read(
    generationId: string,
    after: number,
    { through = 2_147_483_647, limit = 1_000_000 }: { through?: number; limit?: number } = {},
  ): Promise<LogEntry[]> {
    const rows = await this.db.query<{ sequence: number; kind: LogEntry['kind']; text: string; token_ids: number[] }>(
      `SELECT sequence, kind, text, token_ids FROM inference.generation_chunks
       WHERE generation_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence LIMIT $4`,
      [generationId, after, through, limit],
    );
    return rows.map(({ token_ids: tokenIds, ...row }) => ({ ...row, tokenIds }));
  }
}
