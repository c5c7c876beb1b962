import { newId } from '@app/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DeliveryStore, StoredDelivery } from './delivery-store.js';
import { envelopeOf } from './transport-helpers.contract.js';

const error = { kind: 'internal' as const, code: 't.failed', message: 'Failed.' };
const LATER = 3_600_000;

type State = 'waiting' | 'later' | 'begun' | 'dead';
interface Expected {
  message: string;
  state: State;
  attempts: number;
}

/** What must be so, in the plainest form: a list in order of storing, without what is completed or dropped. */
interface Model {
  queue: string;
  held: Expected[];
  /** Everything ever stored, and what was completed or dropped: together they must add up. */
  stored: Set<string>;
  gone: Set<string>;
  ids: Map<string, string>;
}

type Step = fc.AsyncCommand<Model, DeliveryStore>;

const matches = (taken: readonly StoredDelivery[], expected: readonly Expected[], model: Model) => {
  expect(taken.map(({ envelope, attempts }) => [envelope.id, attempts])).toEqual(
    expected.map(({ message, attempts }) => [message, attempts]),
  );
  for (const { envelope, id } of taken) {
    expect(model.gone.has(envelope.id)).toBe(false);
    model.ids.set(envelope.id, id);
  }
};

const step = (name: string, run: (model: Model, store: DeliveryStore) => Promise<void>): Step => ({
  check: () => true,
  run,
  toString: () => name,
});

const enqueue = (count: number, idle: number) =>
  step(`enqueue ${count}, idle ${idle}`, async (model, store) => {
    const envelopes = Array.from({ length: count }, () => envelopeOf('t.v1', {}));
    const added = envelopes.map(({ id }, index): Expected => {
      model.stored.add(id);
      return { message: id, ...(index < idle ? { state: 'begun', attempts: 1 } : { state: 'waiting', attempts: 0 }) };
    });
    const routes = [{ queue: model.queue, type: 't.v1' }];
    const { begun, waiting } = await store.enqueue(envelopes, routes, new Map([[model.queue, idle]]));
    model.held.push(...added);
    matches(begun, added.slice(0, idle), model);
    expect(waiting).toEqual(count > idle ? [model.queue] : []);
  });

const take = (limit: number) =>
  step(`take ${limit}`, async (model, store) => {
    const due = model.held.filter(({ state }) => state === 'waiting').slice(0, limit);
    for (const one of due) Object.assign(one, { state: 'begun', attempts: one.attempts + 1 });
    matches(await store.take(model.queue, limit), due, model);
  });

/** Does something to the nth that is in a state, if there is one. */
const onOne = (
  name: string,
  state: State,
  nth: number,
  run: (model: Model, store: DeliveryStore, one: Expected, id: string) => Promise<void>,
) =>
  step(`${name} ${nth}`, async (model, store) => {
    const candidates = model.held.filter((one) => one.state === state);
    const one = candidates[nth % Math.max(1, candidates.length)];
    if (one) await run(model, store, one, model.ids.get(one.message)!);
  });

const forget = (model: Model, one: Expected) => {
  model.held = model.held.filter((other) => other !== one);
  model.gone.add(one.message);
};

const complete = (nth: number) =>
  onOne('complete', 'begun', nth, async (model, store, one, id) => {
    await store.complete([id]);
    forget(model, one);
  });
const retry = (nth: number, later: boolean) =>
  onOne(later ? 'retry later' : 'retry', 'begun', nth, async (_, store, one, id) => {
    await store.retry(id, later ? LATER : 0, error);
    one.state = later ? 'later' : 'waiting';
  });
const release = (nth: number) =>
  onOne('release', 'begun', nth, async (_, store, one, id) => {
    await store.release([id]);
    Object.assign(one, { state: 'waiting', attempts: one.attempts - 1 });
  });
const park = (nth: number) =>
  onOne('park', 'begun', nth, async (_, store, one, id) => {
    await store.park(id, error);
    one.state = 'dead';
  });
const replay = (nth: number) =>
  onOne('replay', 'dead', nth, async (model, store, one, id) => {
    expect(await store.replay(model.queue, id)).toBe(true);
    Object.assign(one, { state: 'waiting', attempts: 0 });
  });
const drop = (nth: number) =>
  onOne('drop', 'dead', nth, async (model, store, one, id) => {
    expect(await store.drop(model.queue, id)).toBe(true);
    forget(model, one);
  });
const crash = step('crash', async (model, store) => {
  await store.recover();
  for (const one of model.held) if (one.state === 'begun') one.state = 'waiting';
});
const look = step('look', async (model, store) => {
  const dead = model.held.filter(({ state }) => state === 'dead');
  const letters = await store.deadLetters(model.queue);
  expect(letters.map(({ envelope, attempts }) => [envelope.id, attempts])).toEqual(
    dead.map(({ message, attempts }) => [message, attempts]),
  );
  const waiting = (await store.waiting()).find(({ queue }) => queue === model.queue);
  const due = model.held.some(({ state }) => state === 'waiting');
  const later = model.held.some(({ state }) => state === 'later');
  expect(waiting === undefined ? 'none' : waiting.dueInMs <= 0 ? 'due' : 'later').toBe(
    due ? 'due' : later ? 'later' : 'none',
  );
});

const few = fc.nat({ max: 4 });
const steps = [
  fc.tuple(few, few).map(([count, idle]) => enqueue(count, idle)),
  few.map((limit) => take(limit + 1)),
  few.map(complete),
  fc.tuple(few, fc.boolean()).map(([nth, later]) => retry(nth, later)),
  few.map(release),
  few.map(park),
  few.map(replay),
  few.map(drop),
  fc.constant(crash),
  fc.constant(look),
];

/** Whatever happens in whatever order: nothing is lost, and what is completed never comes back. */
export function deliveryStoreMachine(store: () => DeliveryStore): void {
  it('neither loses nor doubles anything, whatever happens in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 60 }), async (history) => {
        const model: Model = {
          queue: `q-${newId()}`,
          held: [],
          stored: new Set(),
          gone: new Set(),
          ids: new Map(),
        };
        await fc.asyncModelRun(() => ({ model, real: store() }), [...history]);
        await crash.run(model, store());
        await look.run(model, store());
        await take(1_000).run(model, store());
        expect(model.held.length + model.gone.size).toBe(model.stored.size);
        // Leaves nothing behind that would slow the next history down.
        await store().complete([...model.ids.values()]);
      }),
      { numRuns: 60 },
    );
  });
}
