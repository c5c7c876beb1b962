import { type AuditedEvent, GENESIS, sealOf } from './chain.js';
import { AUDITED, type Sql } from './sql.js';
import type { Head } from './verify.js';

const BATCH = 200;
/** Any number, as long as every sealer uses the same. */
const LOCK = 7_275_391;

/** Chains what happened. Any number may run on one database: one of them seals at a time. */
export class Sealer {
  constructor(private readonly sql: Sql) {}

  /**
   * Seals what is not sealed yet, up to a settled position.
   *
   * @returns events sealed; 0 when another one is at it
   */
  async seal(upTo: string): Promise<number> {
    let sealed = 0;
    for (;;) {
      const batch = await this.sql.transaction(() => this.sealBatch(upTo));
      sealed += batch;
      if (batch < BATCH) return sealed;
    }
  }

  /** The last seal; null before the first one. */
  head(): Promise<Head | null> {
    return headOf(this.sql);
  }

  private async sealBatch(upTo: string): Promise<number> {
    const [lock] = await this.sql.query<{ held: boolean }>(`SELECT pg_try_advisory_xact_lock($1) AS held`, [LOCK]);
    if (!lock?.held) return 0;
    const head = await headOf(this.sql);
    const events = await this.sql.query<AuditedEvent>(
      `SELECT ${AUDITED} FROM platform.events e WHERE e.position > $1 AND e.position <= $2 ORDER BY e.position LIMIT $3`,
      [head?.position ?? '0', upTo, BATCH],
    );
    let previous = head?.seal ?? GENESIS;
    const seals = events.map((event) => (previous = sealOf(previous, event)));
    await this.sql.query(`INSERT INTO platform.seals (position, seal) SELECT * FROM unnest($1::bigint[], $2::text[])`, [
      events.map(({ position }) => position),
      seals,
    ]);
    return events.length;
  }
}

export async function headOf(sql: Sql): Promise<Head | null> {
  const [head] = await sql.query<Head>(
    `SELECT position::text AS position, seal FROM platform.seals ORDER BY platform.seals.position DESC LIMIT 1`,
    [],
  );
  return head ?? null;
}
