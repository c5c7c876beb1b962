import { spawn } from 'node:child_process';
import { DomainError } from '@app/kernel';
import { testDatabase, type TestDatabase, testDatabaseKinds } from '@app/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from './database.js';
import { EventStore } from './event-store.js';

const code = async (work: Promise<unknown>) =>
  work.then(
    () => 'ok',
    (error: DomainError) => error.code,
  );

describe.each(testDatabaseKinds)('the database on %s', (kind) => {
  let test: TestDatabase;
  let db: Database;
  let events: EventStore;
  beforeAll(async () => {
    test = await testDatabase(kind);
    db = test.db;
    events = new EventStore(db);
    await db.query(`CREATE TABLE marks (unit int, step int)`);
  });
  afterAll(() => test.dispose());

  it('never mixes the transactions of 50 concurrent requests, half of which roll back', async () => {
    const unit = (number: number) =>
      db.transaction(async () => {
        for (let step = 0; step < 4; step++) {
          await db.query(`INSERT INTO marks VALUES ($1, $2)`, [number, step]);
          await new Promise((resolve) => setImmediate(resolve));
        }
        const own = await db.query(`SELECT 1 FROM marks WHERE unit = $1`, [number]);
        if (own.length !== 4) throw new Error(`unit ${number} sees ${own.length} of its rows`);
        if (number % 2) throw new Error('roll back');
      });
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, number) => unit(number)));
    expect(results.map((result) => result.status)).toEqual(
      Array.from({ length: 50 }, (_, number) => (number % 2 ? 'rejected' : 'fulfilled')),
    );
    const rows = await db.query<{ unit: number; steps: number }>(
      `SELECT unit, count(*)::int AS steps FROM marks GROUP BY unit ORDER BY unit`,
    );
    expect(rows).toEqual(Array.from({ length: 25 }, (_, half) => ({ unit: half * 2, steps: 4 })));
  });

  it('joins a nested unit to the outer one, and tells after the commit only', async () => {
    const told: string[] = [];
    const outer = db.transaction(async () => {
      await db.transaction(() => db.query(`INSERT INTO marks VALUES (1000, 0)`, []));
      db.afterCommit(() => told.push('never'));
      throw new Error('roll back');
    });
    await expect(outer).rejects.toThrow('roll back');
    expect(await db.query(`SELECT 1 FROM marks WHERE unit = 1000`)).toEqual([]);
    await db.transaction(async () => {
      db.afterCommit(() => told.push(`after ${db.inTransaction}`));
      told.push('inside');
    });
    expect(told).toEqual(['inside', 'after false']);
  });

  it('reads the same types from both databases', async () => {
    const [row] = await db.query(
      `SELECT 1::int AS int, 2::bigint AS bigint, '{"a":[1]}'::jsonb AS jsonb, true AS yes, $1::timestamptz AS at`,
      ['2026-01-02T03:04:05.678Z'],
    );
    expect(row).toEqual({
      int: 1,
      bigint: '2',
      jsonb: { a: [1] },
      yes: true,
      at: new Date('2026-01-02T03:04:05.678Z'),
    });
  });

  it('gives a stream its versions and queues each event for publishing', async () => {
    const stored = await events.append('s:1', 0, [
      { type: 't.a.v1', data: { n: 1 } },
      { type: 't.b.v1', data: { n: 2 } },
    ]);
    expect(stored.map((event) => event.version)).toEqual([1, 2]);
    expect(await events.read('s:1')).toEqual(stored);
    expect((await events.read('s:1', 1)).map((event) => event.type)).toEqual(['t.b.v1']);
    const queued = await db.query(`SELECT 1 FROM platform.outbox WHERE position = ANY($1)`, [
      stored.map((event) => event.position),
    ]);
    expect(queued).toHaveLength(2);
  });

  it('lets one of two writers win', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 6 }), fc.uuid(), async (writers, stream) => {
        const event = [{ type: 't.a.v1', data: {} }];
        const results = await Promise.all(Array.from({ length: writers }, () => code(events.append(stream, 0, event))));
        expect(results.filter((result) => result === 'ok')).toHaveLength(1);
        expect(new Set(results)).toEqual(new Set(['ok', 'platform.stream-changed']));
        await Promise.all(Array.from({ length: writers }, () => events.append(stream, 'any', event)));
        expect((await events.read(stream)).map((stored) => stored.version)).toEqual(
          Array.from({ length: writers + 1 }, (_, index) => index + 1),
        );
      }),
      { numRuns: 20 },
    );
  });

  it('refuses to change or forget an event', async () => {
    await events.append('s:2', 0, [{ type: 't.a.v1', data: {} }]);
    await expect(db.query(`UPDATE platform.events SET type = 'x'`)).rejects.toThrow('append-only');
    await expect(db.query(`DELETE FROM platform.events`)).rejects.toThrow('append-only');
  });
});

describe('an embedded database', () => {
  it('belongs to one process; a dead one gives it up', async () => {
    const test = await testDatabase();
    expect(await code(Database.connect(test.url))).toBe('platform.database-in-use');
    await test.db.close();
    const { writeFileSync } = await import('node:fs');
    const folder = test.url.slice('pglite://'.length);
    const gone = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => gone.once('exit', resolve));
    writeFileSync(`${folder}.lock`, JSON.stringify({ pid: gone.pid, start: '1' }));
    const again = await Database.connect(test.url);
    await again.ping();
    await again.close();
  });

  it('says so when its folder is damaged', async () => {
    const { mkdtempSync, mkdirSync, writeFileSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    const folder = mkdtempSync(`${tmpdir()}/parley-damaged-`);
    mkdirSync(`${folder}/db`);
    writeFileSync(`${folder}/db/PG_VERSION`, '18\n');
    expect(await code(Database.connect(`pglite://${folder}/db`))).toBe('platform.database-damaged');
  });
});
