import { DomainError } from '@app/kernel';
import { expect, it } from 'vitest';
import { messageContext, runAs } from './context.js';
import { envelopeOf, eventually, subscriptionOf } from './transport-helpers.contract.js';
import type { Delivery, Transport } from './transport.js';
import type { Stage } from './transport-stage.contract.js';

const never = () => new Promise<never>(() => undefined);
const dataOf = (deliveries: readonly Delivery[]) => deliveries.map(({ envelope }) => envelope.data);

/** A queue that hears one type and notes what it is given. */
async function listen(transport: Transport, queue: string, type: string, react?: (delivery: Delivery) => unknown) {
  const got: Delivery[] = [];
  await transport.subscribe(subscriptionOf(queue, [type]), async (delivery) => {
    got.push(delivery);
    await react?.(delivery);
  });
  return got;
}

export function reactionsContract(stage: () => Stage): void {
  it('publishes what nobody hears', async () => {
    const { client, name } = stage();
    await client.publish([envelopeOf(name('t.lonely'), {})]);
  });

  it('gives each queue its own copy of the envelope', async () => {
    const { server, client, name } = stage();
    const type = name('t.fanned');
    const a = await listen(server, name('a.on-fanned'), type, ({ envelope }) => Object.assign(envelope, { data: 0 }));
    const b = await listen(server, name('b.on-fanned'), type);
    const envelope = envelopeOf(type, { n: 1 }, { actor: { userId: 'ann', role: 'admin' }, causationid: 'c' });
    await client.publish([envelope]);
    await eventually(() => a.length === 1 && b.length === 1);
    expect(b[0]).toMatchObject({ queue: name('b.on-fanned'), envelope, attempt: 1, last: false });
  });

  it('delivers exact types only', async () => {
    const { server, client, name } = stage();
    const got = await listen(server, name('q.exact'), name('t.exact'));
    await client.publish([
      envelopeOf(`${name('t.exact')}.more`, 1),
      envelopeOf('t', 2),
      envelopeOf(name('t.exact'), 3),
    ]);
    await eventually(() => got.length > 0);
    expect(dataOf(got)).toEqual([3]);
  });

  it('keeps the order of what one queue hears, of several types too', async () => {
    const { server, client, name } = stage();
    const types = [name('t.installed'), name('t.removed')];
    const got: unknown[] = [];
    await server.subscribe(subscriptionOf(name('q.order'), types), async ({ envelope }) => {
      await new Promise((resolve) => setImmediate(resolve));
      got.push(envelope.data);
    });
    await client.publish(Array.from({ length: 30 }, (_, n) => envelopeOf(types[n % 2]!, n)));
    for (let n = 30; n < 40; n++) await client.publish([envelopeOf(types[n % 2]!, n)]);
    await eventually(() => got.length === 40);
    expect(got).toEqual(Array.from({ length: 40 }, (_, n) => n));
  });

  it('lets nothing overtake what waits, when a slot comes free too', async () => {
    const { server, client, name } = stage();
    const type = name('t.overtake');
    const begun: unknown[] = [];
    let slots = 1;
    const subscription = subscriptionOf(name('q.overtake'), [type], { concurrency: () => slots });
    await server.subscribe(subscription, async ({ envelope, signal }) => {
      begun.push(envelope.data);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    await client.publish([envelopeOf(type, 1), envelopeOf(type, 2)]);
    await eventually(() => begun.length === 1);
    slots = 2;
    await client.publish([envelopeOf(type, 3)]);
    await eventually(() => begun.length === 2);
    expect(begun).toEqual([1, 2]);
  });

  it('delivers outside the context of the publisher', async () => {
    const { server, client, name } = stage();
    const contexts: unknown[] = [];
    await listen(server, name('q.context'), name('t.context'), () => contexts.push(messageContext()));
    await runAs({ correlationid: 'c' }, () => client.publish([envelopeOf(name('t.context'), {})]));
    await eventually(() => contexts.length === 1);
    expect(contexts).toEqual([undefined]);
  });

  it('delivers again after a failure, and to the queue that failed only', async () => {
    const { server, client, name } = stage();
    const type = name('t.again');
    const fails = await listen(server, name('q.fails'), type, ({ attempt }) => {
      if (attempt < 3) throw new Error(`attempt ${attempt}`);
    });
    const works = await listen(server, name('q.works'), type);
    await client.publish([envelopeOf(type, {})]);
    await eventually(() => fails.length === 3);
    expect(fails.map(({ attempt, last }) => [attempt, last])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(works).toHaveLength(1);
    expect(await server.deadLetters(name('q.fails'))).toEqual([]);
  });

  it('waits longer before each attempt', async () => {
    const { server, client, name } = stage();
    const at: number[] = [];
    const backoff = { baseMs: 40, maxMs: 1_000 };
    await server.subscribe(subscriptionOf(name('q.backoff'), [name('t.backoff')], { backoff }), async () => {
      at.push(performance.now());
      throw new Error('again');
    });
    await client.publish([envelopeOf(name('t.backoff'), {})]);
    await eventually(() => at.length === 3);
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(39);
    expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(79);
  });

  it('parks what fails every time, and goes on with those behind it', async () => {
    const { server, client, name } = stage();
    const [queue, type] = [name('q.poison'), name('t.poison')];
    const got = await listen(server, queue, type, ({ envelope }) => {
      if (envelope.data === 'poison') throw new DomainError('conflict', 't.poison', 'Always.', { why: 'test' });
    });
    const poison = envelopeOf(type, 'poison');
    await client.publish([poison, envelopeOf(type, 'behind')]);
    await eventually(async () => (await server.deadLetters(queue)).length === 1);
    expect(dataOf(got).filter((data) => data === 'poison')).toHaveLength(3);
    await eventually(() => dataOf(got).includes('behind'));
    const [letter] = await server.deadLetters(queue);
    expect(letter).toMatchObject({ queue, envelope: poison, attempts: 3 });
    expect(letter!.error).toEqual({ kind: 'conflict', code: 't.poison', message: 'Always.', details: { why: 'test' } });
    expect(Math.abs(Date.now() - letter!.diedAt.getTime())).toBeLessThan(60_000);
  });

  it('replays a dead letter with all its attempts anew', async () => {
    const { server, client, name } = stage();
    const [queue, type] = [name('q.replay'), name('t.replay')];
    let cured = false;
    const got = await listen(server, queue, type, () => {
      if (!cured) throw new Error('not yet');
    });
    await client.publish([envelopeOf(type, {})]);
    await eventually(async () => (await server.deadLetters(queue)).length === 1);
    cured = true;
    const [letter] = await server.deadLetters(queue);
    await server.replay(queue, letter!.id);
    await eventually(() => got.length === 4);
    expect(got[3]).toMatchObject({ attempt: 1, last: false });
    await eventually(async () => (await server.deadLetters(queue)).length === 0);
    await expect(server.replay(queue, letter!.id)).rejects.toMatchObject({ code: 'platform.dead-letter-not-found' });
  });

  it('drops a dead letter', async () => {
    const { server, client, name } = stage();
    const [queue, type] = [name('q.drop'), name('t.drop')];
    await listen(server, queue, type, () => Promise.reject(new Error('no')));
    await client.publish([envelopeOf(type, {})]);
    await eventually(async () => (await server.deadLetters(queue)).length === 1);
    const [letter] = await server.deadLetters(queue);
    await expect(server.drop(name('q.another'), letter!.id)).rejects.toMatchObject({ kind: 'not-found' });
    await server.drop(queue, letter!.id);
    expect(await server.deadLetters(queue)).toEqual([]);
  });

  it('gives dead letters page by page', async () => {
    const { server, client, name } = stage();
    const [queue, type] = [name('q.pages'), name('t.pages')];
    await listen(server, queue, type, () => Promise.reject(new Error('no')));
    await client.publish([1, 2, 3].map((n) => envelopeOf(type, n)));
    await eventually(async () => (await server.deadLetters(queue)).length === 3);
    const first = await server.deadLetters(queue, { limit: 2 });
    const second = await server.deadLetters(queue, { after: first[1]!.id, limit: 2 });
    const seen = [...first, ...second].map(({ envelope }) => envelope.data as number);
    expect([first.length, second.length]).toEqual([2, 1]);
    expect(seen.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    // Somebody was quicker: the next page still begins where the last one ended.
    await server.drop(queue, first[1]!.id);
    expect(await server.deadLetters(queue, { after: first[1]!.id })).toEqual(second);
  });

  it('tells how much each queue holds: waiting, running, parked', async () => {
    const { server, client, name } = stage();
    const [queue, type, unused] = [name('q.depth'), name('t.depth'), name('q.unused')];
    await listen(server, queue, type, ({ envelope }) =>
      envelope.data === 'bad' ? Promise.reject(new Error()) : never(),
    );
    await client.publish([envelopeOf(type, 'bad')]);
    await eventually(async () => (await server.deadLetters(queue)).length === 1);
    await client.publish([envelopeOf(type, 1), envelopeOf(type, 2), envelopeOf(type, 3)]);
    const depthOf = async (of: string) => (await server.queues([unused])).find((depth) => depth.queue === of);
    await eventually(async () => (await depthOf(queue))?.running === 1 && (await depthOf(queue))?.waiting === 2);
    expect(await depthOf(queue)).toEqual({ queue, waiting: 2, running: 1, parked: 1 });
    // Whoever else asks adds what the process says that runs in it.
    const elsewhere = (await client.queues([queue])).find((depth) => depth.queue === queue);
    expect((elsewhere?.running ?? 0) + (server.runningHere()[queue] ?? 0)).toBe(1);
    expect(await depthOf(unused)).toEqual({ queue: unused, waiting: 0, running: 0, parked: 0 });
    const names = (await server.queues([unused])).map((depth) => depth.queue);
    expect(names).toEqual(names.toSorted());
    expect(new Set(names).size).toBe(names.length);
  });

  it('runs as many deliveries of a queue at once as it may, and no more', async () => {
    const { server, client, name } = stage();
    const type = name('t.parallel');
    const open: (() => void)[] = [];
    let most = 0;
    let allowed = 2;
    const concurrency = () => allowed;
    await server.subscribe(subscriptionOf(name('q.parallel'), [type], { concurrency }), async () => {
      await new Promise<void>((resolve) => {
        open.push(resolve);
        most = Math.max(most, open.length);
      });
    });
    await client.publish(Array.from({ length: 12 }, (_, n) => envelopeOf(type, n)));
    const finish = async (count: number) => {
      await eventually(() => open.length === count);
      for (const resolve of open.splice(0)) resolve();
    };
    await finish(2);
    await finish(2);
    expect(most).toBe(2);
    allowed = 4;
    for (let left = 8; left > 0;) {
      await eventually(() => open.length > 0);
      left -= open.length;
      for (const resolve of open.splice(0)) resolve();
    }
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('counts an attempt that passes its deadline as failed, and tells the handler', async () => {
    const { server, client, name } = stage();
    const [queue, type] = [name('q.deadline'), name('t.deadline')];
    const reasons: unknown[] = [];
    const subscription = subscriptionOf(queue, [type], { deadlineMs: 10, attempts: 2 });
    await server.subscribe(subscription, async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
      throw signal.reason;
    });
    await client.publish([envelopeOf(type, {})]);
    await eventually(async () => (await server.deadLetters(queue)).length === 1);
    expect(reasons).toHaveLength(2);
    expect((await server.deadLetters(queue))[0]?.error.code).toBe('platform.timeout');
  });

  it('loses nothing that was published when the process dies', async () => {
    const { harness, client, name } = stage();
    const [queue, type] = [name('q.crash'), name('t.crash')];
    const dying = await harness.connect();
    const begun = await listen(dying, queue, type, never);
    await client.publish([envelopeOf(type, 1), envelopeOf(type, 2)]);
    await client.publish([envelopeOf(type, 3)]);
    await eventually(() => begun.length === 1);
    await harness.crash(dying);

    const successor = await harness.connect();
    const got = await listen(successor, queue, type);
    await eventually(() => got.length === 3);
    expect(got.map(({ envelope, attempt }) => [envelope.data, attempt])).toEqual([
      [1, 2],
      [2, 1],
      [3, 1],
    ]);
  });

  it('waits for running deliveries when it drains, and takes no more', async () => {
    const { harness, client, name } = stage();
    const [queue, type] = [name('q.drain'), name('t.drain')];
    const leaving = await harness.connect();
    let finish = () => {};
    const begun = await listen(leaving, queue, type, () => new Promise<void>((resolve) => (finish = resolve)));
    await client.publish([envelopeOf(type, 1), envelopeOf(type, 2)]);
    await eventually(() => begun.length === 1);
    const drained = leaving.drain(5_000);
    finish();
    await drained;
    expect(begun).toHaveLength(1);
    await harness.disconnect(leaving);

    const successor = await harness.connect();
    const got = await listen(successor, queue, type);
    await eventually(() => got.length === 1);
    expect(got[0]).toMatchObject({ envelope: { data: 2 }, attempt: 1 });
  });

  it('puts back what does not end in time when it drains, and does not count the attempt', async () => {
    const { harness, client, name } = stage();
    const [queue, type] = [name('q.late'), name('t.late')];
    const leaving = await harness.connect();
    const begun = await listen(leaving, queue, type, async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw signal.reason;
    });
    await client.publish([envelopeOf(type, 1)]);
    await eventually(() => begun.length === 1);
    await leaving.drain(5);
    await harness.disconnect(leaving);
    expect(begun[0]?.signal.reason).toMatchObject({ code: 'platform.shutting-down' });

    const successor = await harness.connect();
    const got = await listen(successor, queue, type);
    await eventually(() => got.length === 1);
    expect(got[0]?.attempt).toBe(1);
  });
}
