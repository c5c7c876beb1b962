import { EventStore } from '@app/persistence';
import { type TestDatabase, testDatabase, testDatabaseKinds } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sealer } from './sealer.js';
import { settledPosition } from './settled-position.js';
import { verifyDatabase } from './verify-audit.js';

describe.each(testDatabaseKinds)('the sealer on %s', (kind) => {
  let test: TestDatabase;
  let events: EventStore;
  let sealer: Sealer;
  beforeEach(async () => {
    test = await testDatabase(kind);
    events = new EventStore(test.db, () => ({ correlationid: 'c' }));
    sealer = new Sealer(test.db);
  });
  afterEach(() => test?.dispose());

  const append = (count: number, stream = 's') =>
    events.append(
      stream,
      'any',
      Array.from({ length: count }, (_, n) => ({ type: 't.done.v1', data: { n, text: 'x' } })),
    );
  const sealAll = async () => sealer.seal((await settledPosition(test.db))!);
  /** What somebody with the database's password can do. */
  const tamper = async (sql: string) => {
    for (const table of ['events', 'seals']) await test.db.query(`ALTER TABLE platform.${table} DISABLE TRIGGER ALL`);
    await test.db.query(sql);
  };

  it('seals everything once, in batches, and goes on where it was', async () => {
    await append(450);
    expect(await sealAll()).toBe(450);
    expect(await sealAll()).toBe(0);
    await append(3);
    expect(await sealAll()).toBe(3);
    expect(await verifyDatabase(test.db)).toEqual({ ok: true, events: 453, head: await sealer.head() });
  });

  it('has nothing to say about an empty database', async () => {
    expect(await settledPosition(test.db)).toBe('0');
    expect(await sealAll()).toBe(0);
    expect(await verifyDatabase(test.db)).toEqual({ ok: true, events: 0, head: null });
  });

  it('seals, and verifies, the same whether texts were erased before or after', async () => {
    await append(3, 'before');
    await append(3, 'after');
    await append(1, 'kept');
    await events.erase(['before'], ['text']);
    await sealAll();
    const head = await sealer.head();
    await events.erase(['after'], ['text']);
    await sealAll();
    const verdict = await verifyDatabase(test.db, { expected: head! });
    expect(verdict).toMatchObject({ ok: true, events: 9 });
    expect((await events.read('after'))[0]!.data).toEqual({ n: 0, text: '' });
  });

  it('finds a text that was erased without a word in the chain, or is another than what was erased', async () => {
    await append(2, 'quiet');
    await sealAll();
    await tamper(`UPDATE platform.events SET data = data || '{"text": ""}', erased = jsonb_build_object('/text', '1:' || encode(sha256('x'), 'hex'))
      WHERE version = 2`);
    expect(await verifyDatabase(test.db)).toMatchObject({
      ok: false,
      position: '2',
      problem: expect.stringContaining('erased'),
    });
    await tamper(
      `UPDATE platform.events SET erased = jsonb_build_object('/text', '1:' || encode(sha256('y'), 'hex')) WHERE version = 2`,
    );
    expect(await verifyDatabase(test.db)).toMatchObject({ ok: false, position: '2' });
  });

  it('passes over positions of inserts that were rolled back', async () => {
    await append(2);
    await test.db
      .transaction(async () => {
        await append(5);
        throw new Error('no');
      })
      .catch(() => undefined);
    await append(1);
    await sealAll();
    expect(await verifyDatabase(test.db)).toMatchObject({ ok: true, events: 3, head: { position: '8' } });
  });

  it('seals each event once when several sealers run', async () => {
    await append(300);
    const upTo = (await settledPosition(test.db))!;
    await Promise.all([1, 2, 3].map(() => new Sealer(test.db).seal(upTo)));
    await sealAll();
    expect(await verifyDatabase(test.db)).toMatchObject({ ok: true, events: 300 });
  });

  it.each([
    ['changed', `UPDATE platform.events SET data = '{"n": 99}' WHERE position = 5`, '5'],
    [
      'changed by a microsecond',
      `UPDATE platform.events SET occurred_at = occurred_at + '1 us' WHERE position = 4`,
      '4',
    ],
    [
      'given another actor',
      `UPDATE platform.events SET metadata = '{"actor":{"userId":"eve"}}' WHERE position = 2`,
      '2',
    ],
    ['removed', `DELETE FROM platform.events WHERE position = 7`, '7'],
    [
      'removed with its seal',
      `WITH e AS (DELETE FROM platform.events WHERE position = 7)
                               DELETE FROM platform.seals WHERE position = 7`,
      '8',
    ],
    [
      'put in',
      `INSERT INTO platform.events (position, id, stream, version, type, data, metadata) OVERRIDING SYSTEM VALUE
                VALUES (-1, gen_random_uuid(), 'z', 1, 't.done.v1', '{}', '{}')`,
      '-1',
    ],
  ])('an event that was %s is found', async (_what, sql, position) => {
    await append(10);
    await sealAll();
    await tamper(sql);
    const verdict = await verifyDatabase(test.db);
    expect(verdict).toMatchObject({ ok: false, position });
  });

  it('finds that the end was cut off, against a head that was noted', async () => {
    await append(10);
    await sealAll();
    const expected = (await sealer.head())!;
    await tamper(
      `WITH e AS (DELETE FROM platform.events WHERE position > 8) DELETE FROM platform.seals WHERE position > 8`,
    );
    expect(await verifyDatabase(test.db)).toMatchObject({ ok: true, events: 8 });
    expect(await verifyDatabase(test.db, { expected })).toMatchObject({ ok: false, position: '10' });
  });

  it.runIf(kind === 'postgres')('does not seal past a transaction that is still open', async () => {
    await append(1);
    const { promise: go, resolve: commit } = Promise.withResolvers<void>();
    const { promise: stored, resolve: isStored } = Promise.withResolvers<void>();
    const slow = test.db.transaction(async () => {
      await append(1, 'slow');
      isStored();
      await go;
    });
    await stored;
    await append(1, 'quick');
    // Position 3 is visible and 2 is not: sealing 3 now would make 2 look put in later.
    expect(await settledPosition(test.db)).toBeNull();
    const settling = settledPosition(test.db);
    commit();
    await slow;
    expect(await settling).toBe('3');
    await sealAll();
    expect(await verifyDatabase(test.db)).toMatchObject({ ok: true, events: 3 });
  });

  it.runIf(kind === 'postgres')('holds while many write at once', { timeout: 60_000 }, async () => {
    let writing = true;
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let n = 0; n < 40; n++) {
        const fails = n % 7 === 0;
        await test.db
          .transaction(async () => {
            await append(1 + (n % 3), `w${writer}`);
            if (fails) throw new Error('no');
          })
          .catch(() => undefined);
      }
    });
    const sealing = (async () => {
      while (writing) {
        const upTo = await settledPosition(test.db);
        if (upTo) await sealer.seal(upTo);
      }
    })();
    await Promise.all(writers);
    writing = false;
    await sealing;
    await sealAll();
    const [{ count }] = (await test.db.query('SELECT count(*)::int AS count FROM platform.events')) as [
      { count: number },
    ];
    expect(await verifyDatabase(test.db)).toMatchObject({ ok: true, events: count });
  });
});
