import { Logger } from '@nestjs/common';
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

  it('gives each statement its own answer, whatever goes wrong around it', async () => {
    const numbered = (n: number) => db.query<{ n: number }>(`SELECT $1::int AS n`, [n]);
    const failing = [
      () => db.query(`SELECT 1 / $1::int`, [0]),
      () => db.query(`SELECT n, 10 / ($1::int - n) FROM generate_series(1, 10) AS n`, [5]),
      () => db.query(`SELEC $1`, [0]),
      () => db.query(`SELECT 'a'::int`),
      () => db.transaction(() => db.query(`SELECT $1::int`, ['x'])),
    ];
    const work = Array.from({ length: 60 }, async (_, n) => {
      if (n % 3) return numbered(n);
      return failing[(n / 3) % failing.length]!().then(
        () => 'no error',
        (error: { severity?: string }) => error.severity,
      );
    });
    expect(await Promise.all(work)).toEqual(Array.from({ length: 60 }, (_, n) => (n % 3 ? [{ n }] : 'ERROR')));
    for (const fail of failing) {
      await expect(fail()).rejects.toMatchObject({ severity: 'ERROR' });
      expect(await numbered(7)).toEqual([{ n: 7 }]);
    }
  });

  it('rolls a unit back when a statement failed, even if its error was caught', async () => {
    const unit = db.transaction(async () => {
      await db.query(`INSERT INTO marks VALUES (2000, 0)`);
      await db.query(`SELECT 1 / 0`).catch(() => 'never mind');
      db.afterCommit(() => expect.unreachable());
      return 'stored';
    });
    await expect(unit).rejects.toThrow('division by zero');
    expect(await db.query(`SELECT 1 FROM marks WHERE unit = 2000`)).toEqual([]);
  });

  it('rolls a unit back when a nested one failed, even if its error was caught', async () => {
    const unit = db.transaction(async () => {
      const nested = db.transaction(async () => {
        await db.query(`INSERT INTO marks VALUES (2001, 0)`);
        throw new Error('half done');
      });
      await nested.catch(() => 'never mind');
    });
    await expect(unit).rejects.toThrow('half done');
    expect(await db.query(`SELECT 1 FROM marks WHERE unit = 2001`)).toEqual([]);
  });

  it('keeps work that outlives its unit out of the units of others', async () => {
    /** Starts work that goes on when it is told to, and ends the unit before. */
    const leaveBehind = async (number: number, fail: boolean) => {
      const gate = Promise.withResolvers<void>();
      let left: Promise<unknown> = Promise.resolve();
      const unit = db.transaction(async () => {
        left = gate.promise.then(() => db.query(`INSERT INTO marks VALUES ($1, 0)`, [number]));
        if (fail) throw new Error('roll back');
      });
      await unit.catch(() => undefined);
      return () => {
        gate.resolve();
        return code(left);
      };
    };
    const afterCommit = await leaveBehind(3000, false);
    const other = db.transaction(async () => {
      void afterCommit();
      await db.query(`INSERT INTO marks VALUES (3001, 0)`);
      throw new Error('roll back');
    });
    await expect(other).rejects.toThrow('roll back');
    expect(await afterCommit()).toBe('ok');
    expect(await (await leaveBehind(3002, true))()).toBe('platform.unit-of-work-over');
    expect(await db.query(`SELECT unit FROM marks WHERE unit BETWEEN 3000 AND 3002`)).toEqual([{ unit: 3000 }]);
  });

  it('runs a statement with the next one of its unit, in order', async () => {
    const [inserted, updated, rows] = await db.transaction(async () => {
      const first = db.queryWithNext(`INSERT INTO marks VALUES ($1, 0) RETURNING unit`, [4000]);
      const second = db.queryWithNext(`UPDATE marks SET step = 7 WHERE unit = $1 RETURNING step`, [4000]);
      const last = await db.query(`SELECT step FROM marks WHERE unit = $1`, [4000]);
      return [await first, await second, last];
    });
    expect(inserted).toEqual([{ unit: 4000 }]);
    expect(updated).toEqual([{ step: 7 }]);
    expect(rows).toEqual([{ step: 7 }]);
  });

  it('runs it with the commit when it is the only one', async () => {
    const rows = await db.transaction(async () => ({
      later: db.queryWithNext(`INSERT INTO marks VALUES ($1, 0) RETURNING unit`, [4001]),
    }));
    expect(await rows.later).toEqual([{ unit: 4001 }]);
    expect(await db.query(`SELECT unit FROM marks WHERE unit = 4001`)).toEqual([{ unit: 4001 }]);
  });

  it('fails the unit when it fails, with its next statement and with its commit', async () => {
    const told: boolean[] = [];
    const unit = (next?: number) =>
      db.transaction(async () => {
        db.atEnd((committed) => told.push(committed));
        await db.write(`INSERT INTO marks VALUES ($1, 1)`, [4003]);
        const waits = db.queryWithNext(`SELECT 1 / $1::int AS impossible`, [0]);
        if (next) await db.query(`INSERT INTO marks VALUES ($1, 0)`, [next]).catch(() => 'never mind');
        return { waits };
      });
    // Once when the statements are prepared, once when they are known.
    for (const next of [4002, undefined, 4002, undefined]) await expect(unit(next)).rejects.toThrow('division by zero');
    expect(told).toEqual([false, false, false, false]);
    expect(await db.query(`SELECT unit FROM marks WHERE unit IN (4002, 4003)`)).toEqual([]);
  });

  it('runs it where it was asked for, before what is asked for later and after what was asked for before', async () => {
    const steps = await db.transaction(async () => {
      const add = `UPDATE marks SET step = step * 10 + $2 WHERE unit = $1 RETURNING step`;
      const first = db.query<{ step: number }>(add, [4000, 1]);
      await db.write(add, [4000, 2]);
      const third = db.query<{ step: number }>(add, [4000, 3]);
      return [await first, await third].map(([row]) => row!.step);
    });
    expect(steps).toEqual([71, 7123]);
  });

  it('never runs what waits in a unit that is rolled back, and says so to who waits for it', async () => {
    let waits: Promise<unknown> | undefined;
    const failed = db.transaction(async () => {
      waits = db.queryWithNext(`INSERT INTO marks VALUES ($1, 0)`, [4004]);
      throw new Error('roll back');
    });
    await expect(failed).rejects.toThrow('roll back');
    await expect(waits).rejects.toMatchObject({ code: 'platform.unit-of-work-over' });
  });

  it('does not let many of them wait', async () => {
    await db.query(`INSERT INTO marks VALUES ($1, 0)`, [4006]);
    let last: Promise<unknown[]> | undefined;
    await db.transaction(async () => {
      for (let n = 1; n <= 30; n++) {
        last = db.queryWithNext(`UPDATE marks SET step = step + 1 WHERE unit = $1 RETURNING step`, [4006]);
        if (n === 9) expect(await last).toEqual([{ step: 9 }]);
      }
    });
    expect(await last).toEqual([{ step: 30 }]);
  });

  it('writes at once outside of a unit', async () => {
    await db.write(`INSERT INTO marks VALUES ($1, 0)`, [4005]);
    expect(await db.query(`SELECT unit FROM marks WHERE unit = 4005`)).toEqual([{ unit: 4005 }]);
    await expect(db.write(`SELECT 1 / $1::int`, [0])).rejects.toThrow('division by zero');
  });

  it('ends well without a statement, and rolls back well before one', async () => {
    expect(await db.transaction(async () => 'nothing to store')).toBe('nothing to store');
    const failed = db.transaction(async () => {
      await db.write(`INSERT INTO marks VALUES ($1, 0)`, [4003]);
      throw new Error('roll back');
    });
    await expect(failed).rejects.toThrow('roll back');
    expect(await db.query(`SELECT unit FROM marks WHERE unit = 4003`)).toEqual([]);
  });

  it('is committed whatever those say who are told of it', async () => {
    const told: string[] = [];
    Logger.overrideLogger(false);
    await db.transaction(async () => {
      db.afterCommit(() => {
        throw new Error('a listener that fails on purpose');
      });
      db.afterCommit(() => told.push('the next one'));
    });
    Logger.overrideLogger(true);
    expect(told).toEqual(['the next one']);
  });

  it('runs side by side what one unit asks for side by side', async () => {
    const sum = await db.transaction(async () => {
      const rows = await Promise.all([1, 2, 3].map((n) => db.query<{ n: number }>(`SELECT $1::int AS n`, [n])));
      return rows.reduce((total, [row]) => total + (row?.n ?? 0), 0);
    });
    expect(sum).toBe(6);
  });

  it('refuses a text that no PostgreSQL can store', async () => {
    expect(await code(db.query(`SELECT $1::text AS text`, ['a\u0000b']))).toBe('platform.unstorable-text');
    expect(await code(events.append('s:nul', 0, [{ type: 't.a.v1', data: { text: 'a\u0000b' } }]))).toBe(
      'platform.unstorable-text',
    );
  });

  it('reads the same types from both databases', async () => {
    const [row] = await db.query(
      `SELECT 1::int AS int, 2::bigint AS bigint, 1.5::numeric AS numeric, 0.5::float8 AS float, null AS nothing,
              '{"a":[1]}'::jsonb AS jsonb, '{x,y}'::text[] AS texts, true AS yes, $1::timestamptz AS at,
              '\\xff00'::bytea AS bytes, '0190163d-8694-739b-aea5-966c26f8ad91'::uuid AS uuid`,
      ['2026-01-02T03:04:05.678Z'],
    );
    expect(row).toEqual({
      int: 1,
      bigint: '2',
      numeric: '1.5',
      float: 0.5,
      nothing: null,
      jsonb: { a: [1] },
      texts: ['x', 'y'],
      yes: true,
      bytes: Buffer.from([0xff, 0]),
      uuid: '0190163d-8694-739b-aea5-966c26f8ad91',
      at: new Date('2026-01-02T03:04:05.678Z'),
    });
  });

  it('takes the same values for both databases', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const values = [
      7,
      0.5,
      true,
      null,
      undefined,
      at,
      Buffer.from([0, 255]),
      ['a "b"', 'c,d', null],
      { ä: [1] },
      '…\n',
    ];
    const [row] = await db.query(
      `SELECT $1::int AS int, $2::float8 AS float, $3::bool AS yes, $4::text AS nothing, $5::int AS missing,
              $6::timestamptz AS at, $7::bytea AS bytes, $8::text[] AS texts, $9::jsonb AS json, $10::text AS text`,
      values,
    );
    const [int, float, yes, nothing, , , bytes, texts, json, text] = values;
    expect(row).toEqual({ int, float, yes, nothing, missing: null, at, bytes, texts, json, text });
  });

  it('runs a statement well that failed at first, and one that gives no rows', async () => {
    const divide = (by: number) => db.query<{ n: number }>(`SELECT 12 / $1::int AS n`, [by]);
    await expect(divide(0)).rejects.toThrow('division by zero');
    expect(await divide(4)).toEqual([{ n: 3 }]);
    await expect(divide(0)).rejects.toThrow('division by zero');
    expect(await divide(3)).toEqual([{ n: 4 }]);
    expect(await db.query(`UPDATE marks SET step = step WHERE unit = $1`, [-1])).toEqual([]);
    expect(await db.query(`SELECT unit FROM marks WHERE unit = $1`, [-1])).toEqual([]);
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

  it.skipIf(kind === 'pglite')('outlives a connection that is lost in the middle of a unit of work', async () => {
    const unit = db.transaction(async () => {
      const [own] = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const other = await Database.connect(test.url);
      await other.query('SELECT pg_terminate_backend($1::int)', [own!.pid]);
      await other.close();
      // Its end is told while no statement runs that could be told of it.
      await new Promise((resolve) => setTimeout(resolve, 50));
      await db.query(`INSERT INTO marks VALUES ($1, $2)`, [-2, 0]);
    });
    expect(await code(unit)).toBe('platform.database-unreachable');
    expect(await db.query(`SELECT 1 FROM marks WHERE unit = $1`, [-2])).toEqual([]);
  });

  it('refuses to change or forget an event', async () => {
    await events.append('s:2', 0, [{ type: 't.a.v1', data: {} }]);
    await expect(db.query(`UPDATE platform.events SET type = 'x'`)).rejects.toThrow('append-only');
    await expect(db.query(`DELETE FROM platform.events`)).rejects.toThrow('append-only');
    const erasing = `erased = '{}', data = '{}'`;
    await expect(db.query(`UPDATE platform.events SET ${erasing}, version = 9`)).rejects.toThrow('append-only');
  });

  it('takes what was written out of the events of a stream, once, and stores that it did', async () => {
    const said = { type: 't.said.v1', data: { id: 'x', text: 'a secret', parts: [{ text: 'another' }] } };
    await events.append('s:3', 0, [said, { type: 't.ended.v1', data: { id: 'x' } }]);
    await events.append('s:4', 0, [said]);
    for (let times = 0; times < 2; times++) await events.erase(['s:3'], ['text']);
    const [erased, ended] = await events.read('s:3');
    expect(erased!.data).toEqual({ id: 'x', text: '', parts: [{ text: '' }] });
    expect(ended!.data).toEqual({ id: 'x' });
    expect((await events.read('s:4'))[0]!.data).toEqual(said.data);
    const told = await events.readAll('0', 100, ['platform.streams.erased.v1']);
    expect(told.map(({ data }) => data)).toEqual([{ streams: ['s:3'] }]);
    await expect(
      db.query(`UPDATE platform.events SET erased = NULL WHERE stream = 's:3' AND version = 1`),
    ).rejects.toThrow('append-only');
  });
});
