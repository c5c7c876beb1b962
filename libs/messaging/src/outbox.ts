import { eventOf } from './envelope-of-event.js';
import type { Envelope } from './message.js';
import type { Sql } from './sql.js';

export interface Claimed {
  readonly position: string;
  /** Claims so far, this one included. */
  readonly attempts: number;
  readonly envelope: Envelope;
}

/** Stored events that are not published yet: `platform.outbox`, each row naming a row of `platform.events`. */
export class Outbox {
  constructor(private readonly sql: Sql) {}

  /** The oldest unpublished events; nobody else gets them within `leaseMs`. Those at `published` are forgotten. */
  claim(limit: number, leaseMs: number, published: readonly string[] = []): Promise<Claimed[]> {
    return this.sql.query<Claimed>(
      `WITH gone AS (
         DELETE FROM platform.outbox WHERE position = ANY ($3::bigint[])
       ), claimed AS (
         UPDATE platform.outbox
         SET claimed_until = clock_timestamp() + $2::float8 * interval '1 millisecond', attempts = attempts + 1
         WHERE position = ANY (ARRAY(
           SELECT position FROM platform.outbox
           WHERE (claimed_until IS NULL OR claimed_until < clock_timestamp()) AND position <> ALL ($3::bigint[])
           ORDER BY position LIMIT $1::int FOR UPDATE SKIP LOCKED
         )) RETURNING position, attempts
       )
       SELECT position, attempts, e.envelope FROM claimed, ${eventOf('claimed')} ORDER BY position`,
      [limit, leaseMs, published],
    );
  }

  /** Gives free what a relay that is no more had claimed. */
  async release(): Promise<void> {
    await this.sql.query(
      'UPDATE platform.outbox SET claimed_until = NULL, attempts = 0 WHERE claimed_until IS NOT NULL AND attempts = 1',
    );
  }

  async forget(positions: readonly string[]): Promise<void> {
    await this.sql.query('DELETE FROM platform.outbox WHERE position = ANY($1::bigint[])', [positions]);
  }

  /** To be claimed again after a while. */
  async postpone(positions: readonly string[], delayMs: number): Promise<void> {
    await this.sql.query(
      `UPDATE platform.outbox SET claimed_until = clock_timestamp() + $2::float8 * interval '1 millisecond'
       WHERE position = ANY($1::bigint[])`,
      [positions, delayMs],
    );
  }
}
