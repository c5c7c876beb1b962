import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ConfigModule, loadConfig } from '@app/config';
import { testDatabase, type TestDatabase, testDatabaseKinds } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from './database.js';
import { EventStore, type StoredEvent } from './event-store.js';
import { PersistenceModule } from './persistence.module.js';
import { Projection, Projects } from './projection.js';
import { Projections } from './projections.js';

/** The sum of the numbers of each stream. */
@Projects()
class Sums extends Projection {
  readonly name = 'test.sums';
  readonly types = ['test.number.added.v1'];

  constructor(private readonly db: Database) {
    super();
  }

  async apply(stored: readonly StoredEvent[]): Promise<void> {
    for (const { stream, data } of stored) {
      if (data['n'] === 13) throw new Error('13 is not liked');
      await this.db.query(
        `INSERT INTO sums VALUES ($1, $2) ON CONFLICT (stream) DO UPDATE SET sum = sums.sum + excluded.sum`,
        [stream, data['n']],
      );
    }
  }

  async reset(): Promise<void> {
    await this.db.query(`DELETE FROM sums`);
  }
}

@Module({ providers: [Sums] })
class SumsModule {}

const added = (n: number) => ({ type: 'test.number.added.v1', data: { n } });

describe.each(testDatabaseKinds)('projections on %s', (kind) => {
  let test: TestDatabase;
  let db: Database;
  let events: EventStore;
  let projections: Projections;
  let close: () => Promise<void>;

  beforeAll(async () => {
    test = await testDatabase(kind);
    await test.db.query(`CREATE TABLE sums (stream text PRIMARY KEY, sum int NOT NULL)`);
    // The module opens the database by itself, as in the product.
    await test.db.close();
    const config = loadConfig({ DATABASE_URL: test.url });
    const module = await Test.createTestingModule({
      imports: [ConfigModule.forRoot(config), PersistenceModule.forRoot(), SumsModule],
    }).compile();
    await module.init();
    db = module.get(Database);
    events = module.get(EventStore);
    projections = module.get(Projections);
    close = () => module.close();
  });
  afterAll(async () => {
    await close();
    await test.dispose();
  });

  const sums = () => db.query(`SELECT stream, sum FROM sums ORDER BY stream`);

  it('are found by their decorator', () => {
    expect(projections.names).toEqual(['test.sums']);
  });

  it('are read by whoever wrote the event, inside the same unit', async () => {
    await db.transaction(async () => {
      await events.append('p:1', 0, [added(1), added(2)]);
      expect(await sums()).toEqual([{ stream: 'p:1', sum: 3 }]);
    });
  });

  it('take the event back when they fail', async () => {
    await expect(events.append('p:2', 0, [added(1), added(13)])).rejects.toThrow('13 is not liked');
    expect(await events.read('p:2')).toEqual([]);
    expect(await sums()).toEqual([{ stream: 'p:1', sum: 3 }]);
  });

  it('are the same when made anew from the events, batch after batch', async () => {
    await Promise.all(
      Array.from({ length: 3 }, (_, stream) =>
        events.append(`p:many-${stream}`, 'any', [
          ...Array.from({ length: 400 }, (_one, n) => added(n + 100)),
          { type: 'test.other.v1', data: {} },
        ]),
      ),
    );
    const before = await sums();
    await db.query(`UPDATE sums SET sum = 0`);
    const progress: number[] = [];
    await projections.rebuild(['test.sums'], (_name, done) => progress.push(done));
    expect(await sums()).toEqual(before);
    expect(progress).toEqual([500, 1_000, 1_202]);
  });

  it('stay as they were when making them anew fails', async () => {
    const before = await sums();
    const rebuilding = projections.rebuild(['test.sums'], () => {
      throw new Error('interrupted');
    });
    await expect(rebuilding).rejects.toThrow('interrupted');
    expect(await sums()).toEqual(before);
  });

  it('tell how far they are while they are made anew', async () => {
    const before = await sums();
    await db.query(`UPDATE sums SET sum = 0`);
    const told: number[] = [];
    for await (const events of projections.rebuilding('test.sums', new AbortController().signal)) told.push(events);
    expect(told.at(-1)).toBe(1_202);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(await sums()).toEqual(before);
  });

  it('stay as they were when whoever waits for it leaves', async () => {
    const before = await sums();
    const leaving = new AbortController();
    const rebuilding = projections.rebuilding('test.sums', leaving.signal);
    await rebuilding.next();
    leaving.abort(new Error('left'));
    const toTheEnd = async () => {
      while (!(await rebuilding.next()).done);
    };
    await expect(toTheEnd()).rejects.toThrow('left');
    expect(await sums()).toEqual(before);
  });

  it('are made anew by one process at a time', async () => {
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const other = db.transaction(async () => {
      await db.query(`SELECT pg_advisory_xact_lock(hashtextextended('parley.rebuild.test.sums', 0))`);
      begin();
      await over;
    });
    await begun;
    let done = false;
    const rebuilding = projections.rebuild(['test.sums']).then(() => (done = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(done).toBe(false);
    end();
    await Promise.all([other, rebuilding]);
  });

  it('say which one is not known', async () => {
    await expect(projections.rebuild(['test.nothing'])).rejects.toMatchObject({ code: 'platform.unknown-projection' });
  });

  it('each have a name of their own', () => {
    expect(() => projections.add(new Sums(db))).toThrow('two projections');
  });
});
