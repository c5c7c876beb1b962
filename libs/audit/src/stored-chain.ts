import type { AuditedEvent, Link } from './chain.js';
import { headOf } from './sealer.js';
import { AUDITED, type Sql } from './sql.js';

/** Positions looked at in one query. */
const WINDOW = 1_000n;
const LOWEST = String(-(2n ** 63n));

/** The chain as the database has it, up to its last seal: events and seals side by side, never all of it in memory. */
export async function* storedChain(sql: Sql): AsyncGenerator<Link> {
  const head = await headOf(sql);
  const last = head ? BigInt(head.position) : 0n;
  for (let from = 0n; from < last; from += WINDOW) {
    const to = from + WINDOW < last ? from + WINDOW : last;
    const rows = await sql.query<AuditedEvent & { at: string; seal: string | null }>(
      `SELECT coalesce(e.position, s.position)::text AS at, s.seal, ${AUDITED}
       FROM (SELECT * FROM platform.events WHERE position > $1 AND position <= $2) e
       FULL JOIN (SELECT * FROM platform.seals WHERE position > $1 AND position <= $2) s ON s.position = e.position
       ORDER BY coalesce(e.position, s.position)`,
      // The first look begins below everything: what was put in may have any number.
      [from === 0n ? LOWEST : String(from), String(to)],
    );
    for (const { at, seal, ...event } of rows) {
      yield { position: at, event: event.position === null ? null : event, seal };
    }
  }
}
