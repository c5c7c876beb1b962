import { Injectable } from '@nestjs/common';
import { Database, EventStore } from '@app/persistence';
import { type Counts, countedTypes, countEvents } from './count-events.js';

const BATCH = 500;
const NAME = 'usage-by-source';

/**
 * Counters of what happened, by day. They follow the events by position, and note how far they are in the transaction that
 * counts: each event counts once, through crashes and whichever process stored it.
 */
@Injectable()
export class UsageCounters {
  constructor(
    private readonly db: Database,
    private readonly events: EventStore,
  ) {}

  /** Counts up to a settled position. */
  async follow(upTo: string): Promise<void> {
    // One look at one row while there is nothing to do.
    if (BigInt(await this.position()) >= BigInt(upTo)) return;
    for (let more = true; more;) {
      more = await this.db.transaction(async () => {
        const from = await this.lock();
        return BigInt(from) < BigInt(upTo) && (await this.countBatch(from, upTo)).more;
      });
    }
  }

  /** Counts everything anew; readers see the old figures until the new ones are whole. Resolves to the events counted. */
  rebuild(onProgress: (events: number) => void): Promise<number> {
    return this.db.transaction(async () => {
      const upTo = await this.lock();
      for (const table of ['usage_answers', 'usage_waits', 'usage_happenings'])
        await this.db.query(`DELETE FROM admin.${table}`, []);
      let counted = 0;
      for (let from = '0', more = true; more;) {
        const batch = await this.countBatch(from, upTo);
        counted += batch.counted;
        onProgress(counted);
        ({ more, to: from } = batch);
      }
      return counted;
    });
  }

  private async countBatch(from: string, upTo: string): Promise<{ counted: number; to: string; more: boolean }> {
    const read = await this.events.readAll(from, BATCH, countedTypes);
    const settled = read.filter(({ position }) => BigInt(position) <= BigInt(upTo));
    await this.add(countEvents(settled));
    const more = settled.length === BATCH;
    const to = more ? settled.at(-1)!.position : upTo;
    await this.db.query('UPDATE admin.followed SET position = $2 WHERE name = $1', [NAME, to]);
    return { counted: settled.length, to, more };
  }

  private async position(): Promise<string> {
    const [row] = await this.db.query<{ position: string }>(
      'SELECT position::text AS position FROM admin.followed WHERE name = $1',
      [NAME],
    );
    return row?.position ?? '-1';
  }

  /** One counter at a time. */
  private async lock(): Promise<string> {
    await this.db.query('INSERT INTO admin.followed VALUES ($1, 0) ON CONFLICT DO NOTHING', [NAME]);
    const [row] = await this.db.query<{ position: string }>(
      'SELECT position::text AS position FROM admin.followed WHERE name = $1 FOR UPDATE',
      [NAME],
    );
    return row!.position;
  }

  private async add({ answers, latencies, happenings }: Counts): Promise<void> {
    await this.db.query(
      `INSERT INTO admin.usage_answers AS known
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS more(day date, source text, user_id text, model text, complete int, stopped int,
         failed int, prompt_tokens bigint, completion_tokens bigint)
       ON CONFLICT (day, source, user_id, model) DO UPDATE SET
         complete = known.complete + excluded.complete, stopped = known.stopped + excluded.stopped,
         failed = known.failed + excluded.failed, prompt_tokens = known.prompt_tokens + excluded.prompt_tokens,
         completion_tokens = known.completion_tokens + excluded.completion_tokens`,
      [JSON.stringify(answers)],
    );
    await this.db.query(
      `INSERT INTO admin.usage_waits AS known
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS more(day date, source text, model text, below_ms int, answers int)
       ON CONFLICT (day, source, model, below_ms) DO UPDATE SET answers = known.answers + excluded.answers`,
      [JSON.stringify(latencies)],
    );
    await this.db.query(
      `INSERT INTO admin.usage_happenings AS known
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS more(day date, kind text, count int)
       ON CONFLICT (day, kind) DO UPDATE SET count = known.count + excluded.count`,
      [JSON.stringify(happenings)],
    );
  }
}
