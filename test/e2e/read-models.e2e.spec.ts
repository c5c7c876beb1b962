import type { Database } from '@app/persistence';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskView } from '../../src/admin/contracts/index.js';
import type { Client } from '../support/client.js';
import { meddle } from '../support/database.js';
import type { Parley } from '../support/parley.js';
import { startTiny, until } from '../support/tiny-server.js';
import { backboneOf, split } from '../support/topology.js';

/** So many that a process can be killed while it follows them. */
const MESSAGES = 12_000;

let parley: Parley;
let client: Client;
let conversationId: string;

const between = async (work: (db: Database) => Promise<unknown>) => {
  await parley.kill('SIGTERM');
  await meddle(parley.dataDir, work);
  ({ parley, client } = await startTiny({ dataDir: parley.dataDir }));
};
/** As if somebody else were at it: a task waits. The embedded database has one session, and nobody else to share it with. */
const whileRebuilt = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  if (!split) return work();
  const session = new pg.Client({ connectionString: (await backboneOf(parley.dataDir)).databaseUrl });
  await session.connect();
  try {
    await session.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`parley.rebuild.${name}`]);
    return await work();
  } finally {
    await session.end();
  }
};
const start = () => client.post<TaskView>('/api/admin/tasks', { kind: 'rebuild-projections' });
const task = (id: string) => client.get<TaskView>(`/api/admin/tasks/${id}`);
const finished = ({ id }: TaskView) =>
  until(async () => {
    const now = await task(id).catch(() => undefined);
    return now && now.status !== 'queued' && now.status !== 'running' && now;
  }, 2_000);

beforeAll(async () => {
  ({ parley, client } = await startTiny());
  ({ id: conversationId } = await client.start({ title: 'What was said' }));
  await client.send(conversationId, { text: 'hello', sampler: { maxTokens: 4 } });
  await until(async () =>
    (await client.conversation(conversationId)).messages.every(({ status }) => status === 'complete'),
  );
});
afterAll(() => parley?.dispose());

describe('the task that rebuilds read models', () => {
  it('makes them what the events say, in the process of their module', async () => {
    const before = await client.conversation(conversationId);
    await between(async (db) => {
      await db.query(`UPDATE chat.conversations SET title = 'something else'`);
      await db.query(`DELETE FROM chat.messages`);
    });
    expect((await client.conversation(conversationId)).messages).toEqual([]);
    const done = await finished(await start());
    expect(done).toMatchObject({ status: 'done', done: 1, total: 1, error: null });
    expect(done.result).toMatchObject({ projections: ['chat.conversations'] });
    expect(await client.conversation(conversationId)).toEqual(before);
  });

  it('can be cancelled, which leaves everything as it was; and two at once take turns', async () => {
    await between((db) =>
      db.query(
        `INSERT INTO platform.events (id, stream, version, type, data, metadata)
         SELECT gen_random_uuid(), 'chat.conversation:' || $1, 1000 + n, 'chat.message.sent.v1',
           jsonb_build_object('conversationId', $1::text, 'messageId', gen_random_uuid(), 'parentId', NULL, 'text', 'n ' || n), '{}'
         FROM generate_series(1, ${MESSAGES}) AS n`,
        [conversationId],
      ),
    );
    const cancelled = await whileRebuilt('chat.conversations', async () => {
      const running = await start();
      await client.post(`/api/admin/tasks/${running.id}/cancel`);
      return running;
    });
    expect(await finished(cancelled)).toMatchObject({ status: 'cancelled' });
    expect((await client.conversation(conversationId)).messages).toHaveLength(2);

    const both = await Promise.all([start(), start()]);
    for (const one of both) expect(await finished(one)).toMatchObject({ status: 'done' });
    expect((await client.conversation(conversationId)).messages).toHaveLength(MESSAGES + 2);
  });

  it('survives kill -9 of the process that does the work, and of the one that asked for it', async () => {
    await between((db) => db.query(`DELETE FROM chat.messages`));
    for (const name of ['chat', 'admin']) {
      const running = await start();
      // On the embedded database the task holds the only session, and nothing can be asked until it ends or is killed.
      if (split) await until(async () => / [1-9]\d* events/.test((await task(running.id)).note ?? ''));
      await parley.restart(split ? name : 'parley');
      client.url = parley.url;
      expect(await finished(running)).toMatchObject({ status: 'done', error: null });
      const { messages } = await client.conversation(conversationId);
      expect(messages).toHaveLength(MESSAGES + 2);
      expect(new Set(messages.map(({ id }) => id)).size).toBe(MESSAGES + 2);
    }
  });
});
