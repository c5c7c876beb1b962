import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '@app/kernel';
import type { DeliveryStore } from './delivery-store.js';
import { deliveryStoreMachine } from './delivery-store-machine.contract.js';
import { envelopeOf } from './transport-helpers.contract.js';

const HOUR = 3_600_000;
const error = { kind: 'conflict' as const, code: 't.failed', message: 'Failed.', details: { why: 'test' } };
const NONE = new Map<string, number>();

/** Both adapters pass this, and the same random histories. */
export function deliveryStoreContract(
  adapter: string,
  open: () => Promise<{ store: DeliveryStore; close: () => Promise<void> }>,
): void {
  describe(`the ${adapter} delivery store`, () => {
    let store: DeliveryStore;
    let close: () => Promise<void>;
    beforeAll(async () => void ({ store, close } = await open()));
    afterAll(() => close?.());

    const queueOf = (type: string) => ({ type, queue: `q-${newId()}` });
    const filled = async (count: number) => {
      const route = queueOf('t.v1');
      const envelopes = Array.from({ length: count }, (_, n) => envelopeOf('t.v1', { n }));
      await store.enqueue(envelopes, [route], NONE);
      return { queue: route.queue, envelopes };
    };

    it('stores a copy for each queue that hears the type', async () => {
      const [a, b, c] = [queueOf('a.v1'), queueOf('a.v1'), queueOf('c.v1')];
      const enqueued = await store.enqueue([envelopeOf('a.v1', 1)], [a, b, c], NONE);
      expect(enqueued.begun).toEqual([]);
      expect(enqueued.waiting.toSorted()).toEqual([a.queue, b.queue].toSorted());
      expect(await store.take(a.queue, 5)).toHaveLength(1);
      expect(await store.take(c.queue, 5)).toEqual([]);
    });

    it('begins as many as there are idle workers, the first ones', async () => {
      const route = queueOf('t.v1');
      const envelopes = [1, 2, 3].map((n) => envelopeOf('t.v1', n, { actor: { userId: 'ann', role: 'user' } }));
      const { begun, waiting } = await store.enqueue(envelopes, [route], new Map([[route.queue, 2]]));
      expect(begun.map(({ envelope }) => envelope)).toEqual(envelopes.slice(0, 2));
      expect(begun.map(({ queue, attempts }) => [queue, attempts])).toEqual([
        [route.queue, 1],
        [route.queue, 1],
      ]);
      expect(waiting).toEqual([route.queue]);
      expect((await store.take(route.queue, 5)).map(({ envelope }) => envelope)).toEqual(envelopes.slice(2));
    });

    it('ignores a message that the queue already holds', async () => {
      const route = queueOf('t.v1');
      const envelope = envelopeOf('t.v1', {});
      await store.enqueue([envelope], [route], NONE);
      expect(await store.enqueue([envelope], [route], new Map([[route.queue, 1]]))).toEqual({ begun: [], waiting: [] });
      expect(await store.take(route.queue, 5)).toHaveLength(1);
    });

    it('takes the oldest first, and each once', async () => {
      const { queue, envelopes } = await filled(5);
      const first = await store.take(queue, 2);
      const second = await store.take(queue, 9);
      expect([...first, ...second].map(({ envelope }) => envelope)).toEqual(envelopes);
      expect(await store.take(queue, 1)).toEqual([]);
    });

    it('puts a failed one back for later, and takes those behind it meanwhile', async () => {
      const { queue } = await filled(2);
      const [first] = await store.take(queue, 1);
      await store.retry(first!.id, HOUR, error);
      expect((await store.take(queue, 5)).map(({ envelope }) => envelope.data)).toEqual([{ n: 1 }]);
      const waiting = (await store.waiting()).find((one) => one.queue === queue);
      expect(waiting?.dueInMs).toBeGreaterThan(HOUR - 60_000);
      expect(waiting?.dueInMs).toBeLessThanOrEqual(HOUR);
    });

    it('counts attempts as they begin, a crash included', async () => {
      const { queue } = await filled(1);
      const attempts: number[] = [];
      const take = async () => {
        const [taken] = await store.take(queue, 1);
        attempts.push(taken!.attempts);
        return taken!.id;
      };
      await store.retry(await take(), 0, error);
      await take();
      expect(await store.recover()).toBe(true);
      await take();
      expect(attempts).toEqual([1, 2, 3]);
    });

    it('does not count an attempt that was put back for shutdown', async () => {
      const { queue } = await filled(1);
      const [taken] = await store.take(queue, 1);
      await store.release([taken!.id]);
      expect((await store.take(queue, 1))[0]?.attempts).toBe(1);
    });

    it('keeps a parked one with its error until it is replayed or dropped', async () => {
      const { queue, envelopes } = await filled(2);
      for (const { id } of await store.take(queue, 2)) await store.park(id, error);
      expect(await store.take(queue, 5)).toEqual([]);
      const [first, second] = await store.deadLetters(queue);
      expect(await store.deadLetters(queue, { limit: 1 })).toMatchObject([{ id: first!.id }]);
      expect(await store.deadLetters(queue, { after: first!.id })).toMatchObject([{ id: second!.id }]);
      expect(first).toMatchObject({ queue, envelope: envelopes[0], attempts: 1, error });
      expect(first?.diedAt).toBeInstanceOf(Date);
      expect(await store.replay(queue, first!.id)).toBe(true);
      expect(await store.replay(queue, first!.id)).toBe(false);
      expect(await store.drop('q-other', second!.id)).toBe(false);
      expect(await store.drop(queue, second!.id)).toBe(true);
      expect(await store.deadLetters(queue)).toEqual([]);
      expect(await store.take(queue, 5)).toMatchObject([{ envelope: envelopes[0], attempts: 1 }]);
    });

    it('counts what each queue holds', async () => {
      const { queue } = await filled(4);
      const depth = async () => (await store.depths()).find((one) => one.queue === queue);
      expect(await depth()).toEqual({ queue, waiting: 4, running: 0, parked: 0 });
      const [first, second] = await store.take(queue, 2);
      await store.park(first!.id, error);
      expect(await depth()).toEqual({ queue, waiting: 2, running: 1, parked: 1 });
      await store.complete([second!.id, ...(await store.take(queue, 2)).map(({ id }) => id)]);
      await store.drop(queue, first!.id);
      expect(await depth()).toBeUndefined();
    });

    it('forgets what is completed, and does nothing to it afterwards', async () => {
      const { queue } = await filled(1);
      const [taken] = await store.take(queue, 1);
      await store.complete([taken!.id]);
      await store.complete([taken!.id]);
      await store.retry(taken!.id, 0, error);
      await store.release([taken!.id]);
      await store.park(taken!.id, error);
      await store.recover();
      expect(await store.take(queue, 1)).toEqual([]);
      expect(await store.deadLetters(queue)).toEqual([]);
      expect((await store.waiting()).some((one) => one.queue === queue)).toBe(false);
    });

    it('does nothing to what has not begun', async () => {
      const { queue } = await filled(1);
      const [taken] = await store.take(queue, 1);
      await store.release([taken!.id]);
      await store.release([taken!.id]);
      await store.complete([taken!.id]);
      await store.park(taken!.id, error);
      expect(await store.take(queue, 1)).toMatchObject([{ attempts: 1 }]);
    });

    deliveryStoreMachine(() => store);
  });
}
