import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ConfigModule, loadConfig } from '@app/config';
import { DomainError } from '@app/kernel';
import { Database, PersistenceModule } from '@app/persistence';
import { testDatabase, testDatabaseKinds } from '@app/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  command,
  type DataOf,
  event,
  eventMetadata,
  Handles,
  MessageBus,
  type MessageContext,
  messageContext,
  MessagingModule,
  OnEvent,
  runAs,
  Transport,
} from './index.js';
import { eventually } from './transport-helpers.contract.js';

const N = z.object({ n: z.number() });
class Write extends command('t.write.v1', z.object({ n: z.number(), fail: z.boolean().optional() })) {}
class Written extends event('t.thing.written.v1', N) {}

@Handles(Write)
class WriteHandler {
  constructor(
    private readonly bus: MessageBus,
    private readonly db: Database,
  ) {}
  async handle({ n, fail }: DataOf<Write>) {
    await this.db.query('INSERT INTO t.written VALUES ($1)', [n]);
    await this.bus.publish(new Written({ n }));
    if (fail) throw new DomainError('conflict', 't.no', 'No.');
  }
}

/** What each test makes of a delivery. */
let copy: (n: number, context: MessageContext) => Promise<void>;
let long: (n: number, context: MessageContext) => Promise<void>;

@OnEvent(Written, { queue: 't.copy-on-written', attempts: 3, backoff: { baseMs: 2, maxMs: 10 } })
class CopyOnWrittenHandler {
  constructor(private readonly db: Database) {}
  async handle({ n }: DataOf<Written>, context: MessageContext) {
    expect(this.db.inTransaction).toBe(true);
    await this.db.query('INSERT INTO t.copied VALUES ($1)', [n]);
    await copy(n, context);
  }
}

@OnEvent(Written, { queue: 't.work-on-written', attempts: 3, transaction: false, concurrency: 2 })
class WorkOnWrittenHandler {
  constructor(private readonly db: Database) {}
  async handle({ n }: DataOf<Written>, context: MessageContext) {
    expect(this.db.inTransaction).toBe(false);
    await long(n, context);
  }
}

@OnEvent(Written, { queue: 't.note-on-written', transaction: false, inbox: false })
class NoteOnWrittenHandler {
  static readonly noted: number[] = [];
  handle({ n }: DataOf<Written>) {
    NoteOnWrittenHandler.noted.push(n);
  }
}

const silent = { log: vi.fn(), error: vi.fn(), warn: vi.fn() };

for (const kind of testDatabaseKinds) {
  describe(`messaging on ${kind}`, () => {
    let db: Database;
    let dispose: () => Promise<void>;
    let stop: () => Promise<void>;

    beforeAll(async () => {
      ({ db, dispose } = await testDatabase(kind));
      await db.query('CREATE SCHEMA t');
      await db.query('CREATE TABLE t.written (n int)');
      await db.query('CREATE TABLE t.copied (n int)');
      // The database outlives each app of this suite.
      vi.spyOn(db, 'close').mockResolvedValue();
    });
    afterAll(async () => {
      vi.restoreAllMocks();
      await dispose();
    });

    const start = async () => {
      @Module({
        imports: [
          ConfigModule.forRoot(loadConfig({ SHUTDOWN_GRACE_MS: '20' })),
          PersistenceModule.forRoot({ ambient: eventMetadata }),
          MessagingModule.forRoot({ service: 'test', pollMs: 20 }),
        ],
        providers: [WriteHandler, CopyOnWrittenHandler, WorkOnWrittenHandler, NoteOnWrittenHandler],
      })
      class App {}
      const building = Test.createTestingModule({ imports: [App] }).setLogger(silent);
      const app = await building.overrideProvider(Database).useValue(db).compile();
      await app.init();
      stop = () => app.close();
      return { bus: app.get(MessageBus), transport: app.get(Transport) };
    };
    const rows = async (table: 'written' | 'copied') =>
      (await db.query<{ n: number }>(`SELECT n FROM t.${table} ORDER BY n`)).map(({ n }) => n);
    const inQueues = async () => (await db.query('SELECT 1 FROM platform.deliveries')).length;
    const settled = () => eventually(async () => (await inQueues()) === 0);

    beforeEach(() => {
      vi.clearAllMocks();
      copy = long = async () => undefined;
    });
    afterEach(async () => {
      await stop();
      await db.query('TRUNCATE t.written, t.copied, platform.deliveries, platform.outbox');
    });

    it('stores a command’s effects and its events together, then runs each reaction', async () => {
      const { bus } = await start();
      const contexts: MessageContext[] = [];
      long = async (_, context) => void contexts.push(context);
      const actor = { userId: 'ann', role: 'user' as const };
      await runAs({ actor, correlationid: 'r1' }, () => bus.execute(new Write({ n: 1 })));
      expect(await rows('written')).toEqual([1]);
      await eventually(async () => (await rows('copied')).length === 1 && contexts.length === 1);
      expect(contexts[0]).toMatchObject({ actor, correlationid: 'r1', type: 't.thing.written.v1' });
      await settled();
    });

    it('leaves nothing of a command that fails', async () => {
      const { bus } = await start();
      await expect(bus.execute(new Write({ n: 1, fail: true }))).rejects.toMatchObject({ code: 't.no' });
      await bus.execute(new Write({ n: 2 }));
      await eventually(async () => (await rows('copied')).includes(2));
      expect(await rows('written')).toEqual([2]);
      expect(await rows('copied')).toEqual([2]);
    });

    it('keeps no effect of a failed attempt, and logs each failure once', async () => {
      const { bus } = await start();
      copy = async (_, { deliveryAttempt }) => {
        if (deliveryAttempt < 3) throw new DomainError('conflict', 't.not-yet', 'Not yet.');
      };
      await bus.execute(new Write({ n: 1 }));
      await eventually(async () => (await rows('copied')).length > 0);
      await settled();
      expect(await rows('copied')).toEqual([1]);
      expect(silent.error).not.toHaveBeenCalled();
      expect(silent.warn.mock.calls.map(([entry]) => entry as object)).toEqual(
        [1, 2].map((attempt) =>
          expect.objectContaining({ queue: 't.copy-on-written', type: Written.type, attempt, code: 't.not-yet' }),
        ),
      );
    });

    it('parks what always fails, and replays it on demand', async () => {
      const { bus, transport } = await start();
      copy = async () => {
        throw new Error('broken');
      };
      await bus.execute(new Write({ n: 1 }));
      await eventually(async () => (await transport.deadLetters('t.copy-on-written')).length === 1);
      expect(silent.error).toHaveBeenCalledOnce();
      copy = async () => undefined;
      const [letter] = await transport.deadLetters('t.copy-on-written');
      expect(letter).toMatchObject({ attempts: 3, error: { code: 'platform.internal' } });
      await transport.replay('t.copy-on-written', letter!.id);
      await eventually(async () => (await rows('copied')).length === 1);
    });

    it('does nothing when a message comes a second time', async () => {
      const { bus, transport } = await start();
      const worked: number[] = [];
      const envelopes: MessageContext[] = [];
      long = async (n, context) => {
        worked.push(n);
        envelopes.push(context);
      };
      await bus.execute(new Write({ n: 1 }));
      await eventually(() => worked.length === 1);
      await settled();
      const { signal: _, deliveryAttempt: __, ...about } = envelopes[0]!;
      const repeat = { ...about, source: 'test', time: new Date().toISOString(), data: { n: 1 } };
      NoteOnWrittenHandler.noted.length = 0;
      await transport.publish([repeat]);
      await settled();
      expect(worked).toEqual([1]);
      // It asked to see for itself, so the inbox does not know it.
      expect(NoteOnWrittenHandler.noted).toEqual([1]);
      expect(await db.query(`SELECT 1 FROM platform.inbox WHERE queue = 't.note-on-written'`)).toEqual([]);
      expect(await rows('copied')).toEqual([1]);
    });

    it('takes up long work again after an orderly restart, and does not count the attempt', async () => {
      const { bus } = await start();
      const attempts: number[] = [];
      long = async (_, { signal, deliveryAttempt }) => {
        attempts.push(deliveryAttempt);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw signal.reason;
      };
      await bus.execute(new Write({ n: 1 }));
      await eventually(() => attempts.length === 1);
      await stop();
      long = async (_, { deliveryAttempt }) => void attempts.push(deliveryAttempt);
      await start();
      await eventually(() => attempts.length === 2);
      expect(attempts).toEqual([1, 1]);
      await settled();
    });

    it('runs reactions outside the context of who caused them', async () => {
      const { bus } = await start();
      let inside: string | undefined;
      long = async () => {
        inside = messageContext()?.correlationid;
      };
      await runAs({ correlationid: 'a' }, () => bus.execute(new Write({ n: 1 })));
      await runAs({ correlationid: 'b' }, () => eventually(() => inside === 'a'));
    });
  });
}
