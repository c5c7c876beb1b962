import { Logger } from '@nestjs/common';
import { type Database, EventStore } from '@app/persistence';
import { testDatabase, testDatabaseKinds } from '@app/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseDeliveryStore } from './database.delivery-store.js';
import { InProcessTransport } from './in-process.transport.js';
import type { Envelope } from './message.js';
import { Outbox } from './outbox.js';
import { OutboxRelay } from './outbox-relay.js';
import { eventually, subscriptionOf } from './transport-helpers.contract.js';
import type { Transport } from './transport.js';

/** With the shortcut, and without it as on any transport that does not share the database. */
const paths = { 'in one statement': true, 'by claim, publish and delete': false };

for (const kind of testDatabaseKinds) {
  for (const [path, shortcut] of Object.entries(paths)) {
    describe(`the outbox relay on ${kind}, ${path}`, () => {
      let db: Database;
      let dispose: () => Promise<void>;
      let events: EventStore;
      let transport: InProcessTransport;
      let relay: OutboxRelay;
      let got: Envelope[];
      /** Throws to refuse a publish. */
      let onPublish: (envelopes: readonly Envelope[]) => void;

      beforeAll(async () => {
        Logger.overrideLogger(false);
        ({ db, dispose } = await testDatabase(kind));
      });
      afterAll(() => dispose?.());

      beforeEach(async () => {
        await db.query('TRUNCATE platform.outbox, platform.deliveries');
        transport = new InProcessTransport(new DatabaseDeliveryStore(db), { pollMs: 20 });
        got = [];
        onPublish = () => undefined;
        await transport.subscribe(subscriptionOf('t.note', ['t.noted.v1']), async ({ envelope }) => {
          got.push(envelope);
        });
        events = new EventStore(db);
        relay = new OutboxRelay(new Outbox(db), shortcut ? transport : general(transport), { pollMs: 20 });
        events.onStored(() => relay.wake());
        relay.start();
      });
      afterEach(async () => {
        await relay.stop();
        await transport.drain(1_000);
        await transport.close();
      });

      const general = (inner: InProcessTransport): Transport => {
        const publish = async (envelopes: readonly Envelope[]) => {
          onPublish(envelopes);
          await inner.publish(envelopes);
        };
        return Object.assign(Object.create(inner) as Transport, { publish, publishFromOutbox: undefined });
      };
      const noted = (n: number) => ({ type: 't.noted.v1', data: { n } });
      const leftInOutbox = async () => (await db.query('SELECT 1 FROM platform.outbox')).length;

      it('publishes what is committed, with who and what caused it', async () => {
        const actor = { userId: 'ann', role: 'user' };
        const [stored] = await events.append('s-1', 'any', [noted(1)], {
          actor,
          correlationid: 'c1',
          causationid: 'c0',
          source: 'test',
        });
        await eventually(() => got.length === 1);
        expect(got[0]).toEqual({
          id: stored!.id,
          type: 't.noted.v1',
          source: 'test',
          time: new Date(got[0]!.time).toISOString(),
          correlationid: 'c1',
          causationid: 'c0',
          actor,
          data: { n: 1 },
        });
        expect(Math.abs(Date.parse(got[0]!.time) - stored!.occurredAt.getTime())).toBeLessThan(2);
        await eventually(async () => (await leftInOutbox()) === 0);
      });

      it('publishes nothing of a transaction that rolls back', async () => {
        const failing = db.transaction(async () => {
          await events.append('s-2', 'any', [noted(1)]);
          throw new Error('no');
        });
        await expect(failing).rejects.toThrow('no');
        await events.append('s-2', 'any', [noted(2)]);
        await eventually(() => got.length > 0);
        expect(got.map(({ data }) => data)).toEqual([{ n: 2 }]);
      });

      it('publishes many in order', async () => {
        await Promise.all(
          Array.from({ length: 3 }, (_, s) =>
            events.append(
              `s-3-${s}`,
              'any',
              Array.from({ length: 90 }, (__, n) => noted(s * 1000 + n)),
            ),
          ),
        );
        await eventually(() => got.length === 270);
        for (let s = 0; s < 3; s++) {
          const numbers = got.map(({ data }) => (data as { n: number }).n).filter((n) => Math.floor(n / 1000) === s);
          expect(numbers).toEqual(Array.from({ length: 90 }, (_, n) => s * 1000 + n));
        }
      });

      it('forgets events that nobody hears', async () => {
        await events.append('s-4', 'any', [{ type: 't.unheard.v1', data: {} }]);
        await eventually(async () => (await leftInOutbox()) === 0);
        expect(await db.query('SELECT 1 FROM platform.deliveries')).toEqual([]);
      });

      it('publishes what a dead process left behind', async () => {
        await relay.stop();
        await events.append('s-5', 'any', [noted(1), noted(2)]);
        // One of them was claimed by the dead one, and its lease is over.
        await db.query(`UPDATE platform.outbox SET claimed_until = now() - interval '1 s', attempts = 1
                        WHERE position = (SELECT min(position) FROM platform.outbox)`);
        relay.start();
        await eventually(() => got.length === 2);
      });

      it.skipIf(shortcut)('leaves nothing to be published again when it stops while it publishes', async () => {
        let stopped: Promise<void> | undefined;
        onPublish = () => {
          stopped ??= relay.stop();
        };
        await events.append('s-8', 'any', [noted(1), noted(2)]);
        await eventually(() => got.length === 2);
        await stopped;
        expect(await leftInOutbox()).toBe(0);
      });

      it('keeps what another relay has claimed', async () => {
        await relay.stop();
        await events.append('s-6', 'any', [noted(1), noted(2)]);
        const other = new Outbox(db);
        expect(await other.claim(1, 60_000)).toMatchObject([{ attempts: 1, envelope: { data: { n: 1 } } }]);
        relay.start();
        await eventually(() => got.length === 1);
        expect(got[0]?.data).toEqual({ n: 2 });
        await eventually(async () => (await leftInOutbox()) === 1);
      });

      it.skipIf(shortcut)('tries again what could not be published, and lets others pass', async () => {
        let refused = 0;
        onPublish = (envelopes) => {
          if (!envelopes.some(({ data }) => (data as { n: number }).n === 1) || refused >= 2) return;
          refused++;
          throw new Error('refused');
        };
        await events.append('s-7', 'any', [noted(1), noted(2)]);
        await eventually(() => got.length === 2);
        expect(refused).toBe(2);
        expect(got.map(({ data }) => data)).toEqual([{ n: 2 }, { n: 1 }]);
        await eventually(async () => (await leftInOutbox()) === 0);
      });
    });
  }
}
