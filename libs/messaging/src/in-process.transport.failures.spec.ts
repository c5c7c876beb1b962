import { Logger } from '@nestjs/common';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InProcessTransport } from './in-process.transport.js';
import { MemoryDeliveryStore } from './memory.delivery-store.js';
import { envelopeOf, eventually, subscriptionOf } from './transport-helpers.contract.js';

/** A store whose named steps fail a few times before they work. */
class FailingStore extends MemoryDeliveryStore {
  readonly failures = new Map<string, number>();
  /** Completions wait for it. */
  hold: Promise<void> | undefined;

  override async enqueue(...given: Parameters<MemoryDeliveryStore['enqueue']>) {
    this.fail('enqueue');
    return super.enqueue(...given);
  }
  override async take(...given: Parameters<MemoryDeliveryStore['take']>) {
    this.fail('take');
    return super.take(...given);
  }
  override async complete(...given: Parameters<MemoryDeliveryStore['complete']>) {
    await this.hold;
    this.fail('complete');
    return super.complete(...given);
  }
  override async retry(...given: Parameters<MemoryDeliveryStore['retry']>) {
    this.fail('retry');
    return super.retry(...given);
  }

  private fail(step: string): void {
    const left = this.failures.get(step) ?? 0;
    this.failures.set(step, left - 1);
    if (left > 0) throw new Error(`the database is away: ${step}`);
  }
}

describe('the in-process transport on a failing store', () => {
  let store: FailingStore;
  let transport: InProcessTransport;
  const type = 't.v1';
  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    store = new FailingStore();
    transport = new InProcessTransport(store, { pollMs: 10 });
  });
  afterEach(() => transport.close());

  const listen = async (react: (attempt: number) => void = () => undefined) => {
    const got: unknown[] = [];
    await transport.subscribe(subscriptionOf('q', [type]), async ({ envelope, attempt }) => {
      got.push(envelope.data);
      react(attempt);
    });
    return got;
  };
  const empty = () => eventually(async () => (await store.waiting()).length === 0);

  it('tells the publisher that nothing was stored, and goes on', async () => {
    const got = await listen();
    store.failures.set('enqueue', 1);
    await expect(transport.publish([envelopeOf(type, 1)])).rejects.toThrow('away');
    await transport.publish([envelopeOf(type, 2)]);
    await eventually(() => got.length === 1);
    expect(got).toEqual([2]);
  });

  it('stores the end of a delivery when the store is back, and handles none twice', async () => {
    const got = await listen();
    store.failures.set('complete', 2);
    await transport.publish([envelopeOf(type, 1)]);
    await transport.drain(1_000);
    await store.recover();
    expect(await store.take('q', 5)).toEqual([]);
    expect(got).toEqual([1]);
  });

  it('stores the end of a delivery that ends while another end is being stored', async () => {
    const got = await listen();
    const storing = Promise.withResolvers<void>();
    store.hold = storing.promise;
    await transport.publish([1, 2, 3].map((n) => envelopeOf(type, n)));
    await eventually(() => got.length === 3);
    storing.resolve();
    await transport.drain(1_000);
    await store.recover();
    expect(await store.take('q', 5)).toEqual([]);
  });

  it('tries a failed delivery again when the store is back', async () => {
    const got = await listen((attempt) => {
      if (attempt === 1) throw new Error('first');
    });
    store.failures.set('retry', 2);
    await transport.publish([envelopeOf(type, 1)]);
    await eventually(() => got.length === 2);
  });

  it('takes what waits when the store is back', async () => {
    const got = await listen();
    store.failures.set('take', 1);
    await transport.publish([1, 2, 3].map((n) => envelopeOf(type, n)));
    await eventually(() => got.length === 3);
    expect(got).toEqual([1, 2, 3]);
    await empty();
  });

  it('parks a message that took the process down at each of its attempts', async () => {
    const envelope = envelopeOf(type, 'deadly');
    await store.enqueue([envelope], [{ queue: 'q', type }], new Map([['q', 1]]));
    for (let crash = 1; crash < 3; crash++) {
      await store.recover();
      await store.take('q', 1);
    }
    const got = await listen();
    await eventually(async () => (await transport.deadLetters('q')).length === 1);
    expect(got).toEqual([]);
    expect((await transport.deadLetters('q'))[0]).toMatchObject({ envelope, error: { code: 'platform.crashed' } });
  });
});
