import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from './sql.js';

/** Most milliseconds to wait for writers that are still open. */
const PATIENCE_MS = 1_000;
const LOOK_MS = 10;

/**
 * The highest position below which nothing can appear any more; null when that cannot be said now, because a writer stays
 * open too long. Positions are handed out before the commit, so a later one may be visible first.
 *
 * Who takes a position holds a lock on the table from before that until its end. So: read the last position handed out,
 * then who holds the lock, and wait until those are gone. On the embedded database there never is one.
 */
export async function settledPosition(sql: Sql): Promise<string | null> {
  const [last] = await sql.query<{ position: string | null }>(
    `SELECT pg_sequence_last_value(pg_get_serial_sequence('platform.events', 'position'))::text AS position`,
    [],
  );
  const position = last?.position ?? '0';
  const until = performance.now() + PATIENCE_MS;
  for (let open = await writers(sql, null); open.length > 0; open = await writers(sql, open)) {
    if (performance.now() > until) return null;
    await sleep(LOOK_MS, undefined, { ref: false });
  }
  return position;
}

/** Transactions that write events now; of these only, if given. */
async function writers(sql: Sql, of: readonly string[] | null): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    `SELECT DISTINCT virtualtransaction AS id FROM pg_locks
     WHERE locktype = 'relation' AND relation = 'platform.events'::regclass AND mode = 'RowExclusiveLock'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND pid <> pg_backend_pid() AND ($1::text[] IS NULL OR virtualtransaction = ANY ($1))`,
    [of],
  );
  return rows.map(({ id }) => id);
}
