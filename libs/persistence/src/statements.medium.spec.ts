import { testDatabase, type TestDatabase, testDatabaseKinds } from '@app/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BEGIN, type Client, COMMIT, type Prepared, ROLLBACK } from './statement.js';

const prepared = (name: string, text: string, ...values: unknown[]): Prepared => ({ name, text, values });
const divide = (by: number) => prepared('divide', 'SELECT 10 / $1::int AS n', by);
const store = (n: number) => prepared('store', 'INSERT INTO stored VALUES ($1) RETURNING n, now() AS at', n);
const all = prepared('all', 'SELECT n FROM stored ORDER BY n');

describe.each(testDatabaseKinds)('prepared statements on %s', (kind) => {
  let test: TestDatabase;
  let client: Client & { release(): void };
  beforeAll(async () => {
    test = await testDatabase(kind);
    await test.db.query('CREATE TABLE stored (n int)');
  });
  beforeEach(async () => {
    client = (await test.db.pool.connect()) as unknown as typeof client;
  });
  afterEach(() => client.release());
  afterAll(() => test.dispose());
  const run = async (...statements: Prepared[]) =>
    (await client.statements.runAll(statements)).map(({ rows }) => rows as { n?: number }[]);

  it('answers each of several, the first time and later', async () => {
    for (const n of [1, 2]) {
      const [begun, stored, divided, committed] = await run(BEGIN, store(n), divide(n), COMMIT);
      expect([begun, committed]).toEqual([[], []]);
      expect(stored).toEqual([{ n, at: expect.any(Date) }]);
      expect(divided).toEqual([{ n: 10 / n }]);
    }
    expect(await run(all)).toEqual([[{ n: 1 }, { n: 2 }]]);
  });

  it.each(['the first time', 'later'])('runs nothing after one that fails, %s', async () => {
    await expect(run(divide(0), store(3), COMMIT)).rejects.toThrow('division by zero');
    // The connection is as good as before.
    expect(await run(divide(5), all)).toEqual([[{ n: 2 }], [{ n: 1 }, { n: 2 }]]);
  });

  it('stores nothing when what should have begun a unit fails in the same message', async () => {
    // Each is known, so that all are in one message. In a failed unit nothing but its end is taken, a BEGIN neither.
    await run(BEGIN, store(4), ROLLBACK);
    await expect(run(BEGIN, divide(0))).rejects.toThrow('division by zero');
    await expect(run(BEGIN, store(5), COMMIT)).rejects.toThrow('transaction is aborted');
    await run(ROLLBACK);
    expect(await run(all)).toEqual([[{ n: 1 }, { n: 2 }]]);
  });

  it('tells of a value that cannot be sent, and goes on', async () => {
    const circle: Record<string, unknown> = {};
    circle['itself'] = circle;
    await expect(run(prepared('divide', divide(1).text, circle))).rejects.toThrow('circular');
    expect(await run(divide(2))).toEqual([[{ n: 5 }]]);
  });
});
