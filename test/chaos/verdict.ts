import pg from 'pg';
import { queues } from '../../src/queues.js';
import { broker } from '../support/topology.js';

/** What the database and the broker say once everything is quiet; zeros, if the product keeps its promises. */
export interface Verdict {
  events: number;
  /** Events times the reactions that hear them. */
  deliveries: number;
  deliveriesMissing: number;
  deliveriesDoubled: number;
  messagesInQueues: number;
  outboxRows: number;
  questionsDoubled: number;
  answersDoubled: number;
  generationsDoubled: number;
  /** Ends of answers less what the administration counted: a counter would show a second effect of one event. */
  usageMiscounted: number;
}

/** Reactions that find out by a key of their own what is done, and leave the inbox alone: what shows that one was. */
const effects: Record<string, string> = {
  'inference.queue-on-answer-requested': `
    SELECT 1 FROM inference.generations g WHERE g.id = (e.data->>'generationId')::uuid`,
  'inference.generate-on-answer-requested': `
    SELECT 1 FROM platform.events f
    WHERE f.type = 'inference.generation.finished.v1' AND f.data->>'generationId' = e.data->>'generationId'`,
};

/** @param vhost of the broker */
export async function verdictOf(databaseUrl: string, vhost: string): Promise<Verdict> {
  const db = new pg.Client({ connectionString: databaseUrl });
  await db.connect();
  const count = async (sql: string, params: unknown[] = []) =>
    Number((await db.query<{ n: string }>(`SELECT count(*) AS n FROM (${sql}) AS counted`, params)).rows[0]!.n);
  /** So many `key`s for which more than one event of the type was stored. */
  const twice = (type: string, key: string) =>
    count(`SELECT 1 FROM platform.events WHERE type = $1 GROUP BY data->>'${key}' HAVING count(*) > 1`, [type]);
  try {
    let deliveries = 0;
    let deliveriesMissing = 0;
    for (const { queue, types } of queues) {
      const heard = `SELECT 1 FROM platform.events e WHERE e.type = ANY($1)`;
      deliveries += await count(heard, [types]);
      const effect = effects[queue];
      const handled = effect ?? `SELECT 1 FROM platform.inbox i WHERE i.queue = $2 AND i.message_id = e.id`;
      const missing = `${heard} AND NOT EXISTS (${handled})`;
      deliveriesMissing += await count(missing, effect ? [types] : [types, queue]);
    }
    const held = (await broker<{ messages?: number }[]>('GET', `/api/queues/${vhost}`)) ?? [];
    const finished = await count(`SELECT 1 FROM platform.events WHERE type = 'inference.generation.finished.v1'`);
    const { rows } = await db.query<{ n: string }>(
      'SELECT coalesce(sum(complete + stopped + failed), 0) AS n FROM admin.usage_answers',
    );
    return {
      events: await count('SELECT 1 FROM platform.events'),
      deliveries,
      deliveriesMissing,
      deliveriesDoubled: await count('SELECT 1 FROM platform.inbox GROUP BY queue, message_id HAVING count(*) > 1'),
      messagesInQueues: held.reduce((sum, { messages = 0 }) => sum + messages, 0),
      outboxRows: await count('SELECT 1 FROM platform.outbox'),
      questionsDoubled: await twice('chat.message.sent.v1', 'messageId'),
      answersDoubled: await twice('chat.answer.finished.v1', 'messageId'),
      generationsDoubled: await twice('inference.generation.finished.v1', 'generationId'),
      usageMiscounted: finished - Number(rows[0]!.n),
    };
  } finally {
    await db.end();
  }
}
