import { Logger } from '@nestjs/common';
import { type Database, EventStore } from '@app/persistence';
import { testDatabase, testDatabaseKinds } from '@app/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseDeliveryStore } from './database.delivery-store.js';
import { UnitCarrier } from './event-carrier.js';
import { InProcessTransport } from './in-process.transport.js';
import type { Envelope } from './message.js';
import { Outbox } from './outbox.js';
import { OutboxRelay } from './outbox-relay.js';
import { eventually, subscriptionOf } from './transport-helpers.contract.js';

const TYPE = 't.noted.v1';
const noted = (n: number) => ({ type: TYPE, data: { n, text: 'ä\n“' } });
const caused = { actor: { userId: 'ann', role: 'user', scopes: ['chat'] }, correlationid: 'c1', causationid: 'c0' };

describe.each(testDatabaseKinds)('events that are carried in the unit of work that stores them, on %s', (kind) => {
  let db: Database;
  let dispose: () => Promise<void>;
  let events: EventStore;
  let transport: InProcessTransport;
  let relay: OutboxRelay;
  let got: Envelope[];
  let isCarried: boolean;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    ({ db, dispose } = await testDatabase(kind));
  });
  afterAll(() => dispose?.());

  beforeEach(async () => {
    await db.query('TRUNCATE platform.outbox, platform.deliveries');
    // Nothing but the hand-over may find a delivery: no poll comes within a test.
    transport = new InProcessTransport(new DatabaseDeliveryStore(db), { pollMs: 60_000 });
    got = [];
    await transport.subscribe(subscriptionOf('t.note', [TYPE]), async ({ envelope }) => void got.push(envelope));
    events = new EventStore(db);
    const { publishInUnit } = transport;
    isCarried = false;
    const onEmpty = () => {
      events.carryBy(new UnitCarrier(db, { publishInUnit: publishInUnit! }));
      isCarried = true;
    };
    relay = new OutboxRelay(new Outbox(db), transport, { pollMs: 60_000, onEmpty });
    events.onStored(() => relay.wake());
  });
  afterEach(async () => {
    await relay.stop();
    await transport.drain(1_000);
    await transport.close();
  });

  const count = async (table: string) => (await db.query(`SELECT 1 FROM platform.${table}`)).length;
  /** Starts the relay, and with it the carrying. */
  const carrying = async () => {
    relay.start();
    await eventually(async () => {
      await events.append('s-0', 'any', [{ type: 't.unheard.v1', data: {} }]);
      return isCarried;
    });
    // The last of them may have been stored while the relay was still to find the outbox empty.
    await eventually(async () => (await count('outbox')) === 0);
  };
  const numbers = () => got.map(({ data }) => (data as { n: number }).n);

  it('are in their queues the moment they are committed, and in no outbox', async () => {
    await carrying();
    await db.transaction(async () => {
      await events.append('s-1', 'any', [noted(1)]);
      expect(await count('deliveries')).toBe(1);
      expect(await count('outbox')).toBe(0);
      expect(got).toEqual([]);
    });
    await eventually(() => got.length === 1);
    await eventually(async () => (await count('deliveries')) === 0);
  });

  it('travel in the same envelope as those of the outbox', async () => {
    await events.append('s-2', 'any', [noted(1), noted(2)], caused);
    await events.append('s-2', 'any', [noted(3)], {});
    await carrying();
    await eventually(() => got.length === 3);
    await events.append('s-2', 'any', [noted(1), noted(2)], caused);
    await events.append('s-2', 'any', [noted(3)], {});
    await eventually(() => got.length === 6);
    const alike = ({ id, time, correlationid, ...rest }: Envelope) => ({
      ...rest,
      correlationid: correlationid === id ? 'own' : correlationid,
      time: new Date(time).toISOString() === time,
    });
    expect(got.slice(3).map(alike)).toEqual(got.slice(0, 3).map(alike));
    expect(new Set(got.map(({ id }) => id)).size).toBe(6);
  });

  it('leave nothing behind when the unit rolls back, and hold no worker', async () => {
    await carrying();
    const failing = db.transaction(async () => {
      await events.append('s-3', 'any', [noted(1)]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await count('deliveries')).toBe(0);
    await events.append('s-3', 'any', [noted(2)]);
    await eventually(() => got.length === 1);
    expect(numbers()).toEqual([2]);
  });

  it('come in order, however many there are, the older ones of the outbox first', async () => {
    await events.append('s-4', 'any', [noted(0), noted(1)]);
    await carrying();
    for (let n = 2; n < 60; n += 2) await events.append('s-4', 'any', [noted(n), noted(n + 1)]);
    await eventually(() => got.length === 60);
    expect(numbers()).toEqual(Array.from({ length: 60 }, (_, n) => n));
  });

  it('wait for the next process when this one ends before they are handled', async () => {
    await carrying();
    await transport.drain(0);
    await events.append('s-5', 'any', [noted(7)]);
    expect(await count('deliveries')).toBe(1);
    const next = new InProcessTransport(new DatabaseDeliveryStore(db), { pollMs: 60_000 });
    await next.subscribe(subscriptionOf('t.note', [TYPE]), async ({ envelope }) => void got.push(envelope));
    await eventually(() => got.length === 1);
    await next.close();
    expect(numbers()).toEqual([7]);
  });
});
