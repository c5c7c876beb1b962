import { Logger } from '@nestjs/common';
import { DomainError, newId } from '@app/kernel';
import { NetworkPath } from '@app/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { envelopeOf, eventually, subscriptionOf } from '../transport-helpers.contract.js';
import type { Delivery } from '../transport.js';
import { RabbitMqTransport } from './rabbitmq.transport.js';
import { WINDOW } from './stream-reader.js';

const brokerUrl = process.env['TEST_RABBITMQ_URL'];
const never = () => new Promise<never>(() => undefined);
/** Far more than any of this may take, far less than the deadline of the requests. */
const SOON_MS = 8_000;

/** What the contract cannot ask of an adapter that lives in one process. */
describe.skipIf(!brokerUrl)('the RabbitMQ transport when something breaks', { timeout: 30_000 }, () => {
  const open: { transport: RabbitMqTransport; path: NetworkPath }[] = [];
  let test: string;
  const name = (what: string) => `${what}-${test}.v1`;
  const connect = async () => {
    const path = await NetworkPath.to(brokerUrl ?? '');
    const transport = new RabbitMqTransport({ url: path.url, service: 'test' });
    open.push({ transport, path });
    await transport.start();
    return { transport, path };
  };

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    test = newId().slice(-8);
  });
  afterEach(async () => {
    for (const { transport, path } of open.splice(0)) {
      await transport.close();
      path.cut();
    }
  });

  it('tells the caller soon when the process that worked on a request died, and names the service', async () => {
    const [server, client] = [await connect(), await connect()];
    let begun = false;
    await server.transport.respond(name('chat.slow'), () => {
      begun = true;
      return never();
    });
    const started = performance.now();
    const reply = client.transport.request(envelopeOf(name('chat.slow'), {}), { timeoutMs: 60_000 });
    reply.catch(() => undefined);
    await eventually(() => begun);
    server.path.cut();
    await expect(reply).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'platform.interrupted',
      details: { service: 'chat' },
    });
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });

  it('never gives a command that may have been done to another process', async () => {
    const [server, other, client] = [await connect(), await connect(), await connect()];
    const done: string[] = [];
    await server.transport.respond(name('chat.once'), () => {
      done.push('first');
      return never();
    });
    const reply = client.transport.request(envelopeOf(name('chat.once'), {}), { timeoutMs: 60_000 });
    reply.catch(() => undefined);
    await eventually(() => done.length === 1);
    await other.transport.respond(name('chat.once'), async () => done.push('second'));
    server.path.cut();
    await expect(reply).rejects.toMatchObject({ code: 'platform.interrupted' });
    expect(done).toEqual(['first']);
  });

  it('ends a stream soon when its producer died', async () => {
    const [server, client] = [await connect(), await connect()];
    await server.transport.respondStream(name('chat.tokens'), async function* () {
      yield 1;
      await never();
    });
    const items = client.transport.stream(envelopeOf(name('chat.tokens'), {}))[Symbol.asyncIterator]();
    expect(await items.next()).toEqual({ done: false, value: 1 });
    const started = performance.now();
    const next = items.next();
    next.catch(() => undefined);
    server.path.cut();
    await expect(next).rejects.toMatchObject({ code: 'platform.interrupted' });
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });

  it('keeps a long request and a quiet stream alive for as long as they take', async () => {
    const [server, client] = [await connect(), await connect()];
    await server.transport.respond(name('chat.long'), async () => {
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      return 'done';
    });
    expect(await client.transport.request(envelopeOf(name('chat.long'), {}), { timeoutMs: 60_000 })).toBe('done');
  });

  it('connects again by itself, serves and publishes as before', async () => {
    const [server, client] = [await connect(), await connect()];
    const got: unknown[] = [];
    await server.transport.respond(name('chat.echo'), async ({ data }) => data);
    await server.transport.subscribe(subscriptionOf(name('q.heal'), [name('t.heal')]), async ({ envelope }) => {
      got.push(envelope.data);
    });
    for (const { path } of [server, client]) path.cut();
    await eventually(() => !server.transport.connected && !client.transport.connected);
    const started = performance.now();
    const cutOff = client.transport.request(envelopeOf(name('chat.echo'), 1), { timeoutMs: 60_000 });
    await expect(cutOff).rejects.toMatchObject({ kind: 'unavailable', code: 'platform.broker-unavailable' });
    expect(performance.now() - started).toBeLessThan(SOON_MS);
    for (const { path } of [server, client]) await path.heal();
    await eventually(() => server.transport.connected && client.transport.connected);
    await client.transport.publish([envelopeOf(name('t.heal'), 'after')]);
    await eventually(() => got.length === 1);
    const ask = () => client.transport.request(envelopeOf(name('chat.echo'), 2), { timeoutMs: 5_000 });
    await eventually(async () => (await ask().catch(() => 0)) === 2);
  });

  it('answers what comes while it still takes up its work again after the connection was lost', async () => {
    const [server, client] = [await connect(), await connect()];
    await server.transport.respond(name('chat.first'), async () => 'answer');
    // Taken up after the first one, one by one.
    for (let n = 0; n < 150; n++) await server.transport.respond(name(`chat.more-${n}`), async () => n);
    let reply: unknown;
    const ask = async () => {
      const asked = client.transport.request(envelopeOf(name('chat.first'), {}), { timeoutMs: 60_000 });
      reply = await asked.catch(({ code }: DomainError) => code);
      return reply;
    };
    server.path.cut();
    await eventually(async () => (await ask()) === 'platform.no-handler');
    await server.path.heal();
    await eventually(async () => (await ask()) !== 'platform.no-handler');
    expect(reply).toBe('answer');
  });

  it('goes on with a delivery that runs while the connection is away, and settles it once', async () => {
    const { transport: server, path } = await connect();
    const { transport: client } = await connect();
    const begun: Delivery[] = [];
    let finish: () => void = () => undefined;
    await server.subscribe(subscriptionOf(name('q.away'), [name('t.away')]), async (delivery) => {
      begun.push(delivery);
      await new Promise<void>((resolve) => (finish = resolve));
    });
    await client.publish([envelopeOf(name('t.away'), {})]);
    await eventually(() => begun.length === 1);
    path.cut();
    await eventually(() => !server.connected);
    await path.heal();
    await eventually(() => server.connected);
    finish();
    const left = async () => (await client.queues([name('q.away')])).find(({ queue }) => queue === name('q.away'));
    await eventually(async () => (await left())?.waiting === 0 && (await server.queues())[0]?.running === 0);
    expect(begun).toHaveLength(1);
    expect(begun[0]?.signal.aborted).toBe(false);
  });

  it('shares the work of a queue between processes', async () => {
    const [one, two, client] = [await connect(), await connect(), await connect()];
    const by = { one: 0, two: 0 };
    const subscription = subscriptionOf(name('q.shared'), [name('t.shared')]);
    const work = (who: 'one' | 'two') => async () => {
      by[who]++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await one.transport.subscribe(subscription, work('one'));
    await two.transport.subscribe(subscription, work('two'));
    await client.transport.publish(Array.from({ length: 40 }, (_, n) => envelopeOf(name('t.shared'), n)));
    await eventually(() => by.one + by.two === 40);
    expect(Math.min(by.one, by.two)).toBeGreaterThan(5);
  });

  it('leaves a service alone that does not answer, and comes back to it', async () => {
    const [server, client] = [await connect(), await connect()];
    let hangs = true;
    await server.transport.respond(name('chat.hang'), () => (hangs ? never() : Promise.resolve('well')));
    const ask = (timeoutMs: number) => client.transport.request(envelopeOf(name('chat.hang'), {}), { timeoutMs });
    for (let n = 0; n < 5; n++) await expect(ask(20)).rejects.toMatchObject({ code: 'platform.timeout' });
    const started = performance.now();
    await expect(ask(60_000)).rejects.toMatchObject({ code: 'platform.circuit-open', details: { service: 'chat' } });
    expect(performance.now() - started).toBeLessThan(1_000);
    hangs = false;
    await eventually(async () => (await ask(1_000).catch(() => '')) === 'well');
  });

  it('refuses a message that is too large, and goes on', async () => {
    const [server, client] = [await connect(), await connect()];
    await server.transport.respond(name('chat.size'), async ({ data }) => String(data).length);
    const ask = (size: number) =>
      client.transport.request(envelopeOf(name('chat.size'), 'x'.repeat(size)), { timeoutMs: 10_000 });
    await expect(ask(9 * 1024 * 1024)).rejects.toMatchObject({ kind: 'too-large', code: 'platform.message-too-large' });
    expect(await ask(1024 * 1024)).toBe(1024 * 1024);
  });

  it('makes up for the hints that were lost while the connection was', async () => {
    const { transport, path } = await connect();
    let heard = 0;
    transport.onSignal(name('news'), () => heard++);
    // Nobody gives a hint: it is heard because there may have been some.
    await eventually(() => heard === 1);
    path.cut();
    await eventually(() => !transport.connected);
    await path.heal();
    await eventually(() => heard === 2);
  });

  it('brings a hint of the last moment of a process', async () => {
    const [last, other] = [await connect(), await connect()];
    const heard = new Set<string>();
    for (const topic of ['early', 'late']) other.transport.onSignal(name(topic), () => heard.add(topic));
    await eventually(() => {
      last.transport.signal(name('early'));
      return heard.has('early');
    });
    await last.transport.drain(0);
    last.transport.signal(name('late'));
    await last.transport.close();
    await eventually(() => heard.has('late'));
  });

  it('stops a producer whose reader is gone without a word', async () => {
    const [server, client] = [await connect(), await connect()];
    let produced = 0;
    await server.transport.respondStream(name('chat.counting'), async function* () {
      for (;;) yield produced++;
    });
    const items = client.transport.stream(envelopeOf(name('chat.counting'), {}))[Symbol.asyncIterator]();
    await items.next();
    client.path.cut();
    await expect(
      (async () => {
        for (;;) if ((await items.next()).done) return;
      })(),
    ).rejects.toMatchObject({ code: 'platform.interrupted' });
    expect(produced).toBeLessThanOrEqual(3 * WINDOW);
  });

  it('serves two versions of one message at once, while old and new processes run side by side', async () => {
    const [old, fresh, client] = [await connect(), await connect(), await connect()];
    const [v1, v2] = [name('chat.rename'), name('chat.rename').replace(/v1$/, 'v2')];
    await old.transport.respond(v1, async () => 'old');
    await fresh.transport.respond(v1, async () => 'new');
    await fresh.transport.respond(v2, async () => 'new');
    const ask = (type: string) => client.transport.request(envelopeOf(type, {}), { timeoutMs: 5_000 });
    const first = await Promise.all(Array.from({ length: 10 }, () => ask(v1)));
    expect(new Set(first)).toEqual(new Set(['old', 'new']));
    expect(await Promise.all([ask(v2), ask(v2)])).toEqual(['new', 'new']);

    // The queue is shared: the new process binds it to the new version too, and the old one is given what it does not know.
    const queue = name('chat.note-on-renamed');
    const [renamed1, renamed2] = [name('t.renamed'), name('t.renamed').replace(/v1$/, 'v2')];
    const got = { old: [] as unknown[], fresh: [] as unknown[] };
    await old.transport.subscribe(subscriptionOf(queue, [renamed1], { attempts: 1 }), async ({ envelope }) => {
      if (envelope.type !== renamed1) throw new DomainError('internal', 'platform.no-handler', 'Not known here.');
      got.old.push(envelope.data);
    });
    const both = subscriptionOf(queue, [renamed1, renamed2], { attempts: 1 });
    await fresh.transport.subscribe(both, async ({ envelope }) => void got.fresh.push(envelope.data));
    await client.transport.publish(
      Array.from({ length: 20 }, (_, n) => envelopeOf(n % 2 === 0 ? renamed1 : renamed2, n)),
    );
    const all = () => [...got.old, ...got.fresh].toSorted((a, b) => Number(a) - Number(b));
    await expect.poll(() => all().length, { timeout: 20_000 }).toBe(20);
    expect(all()).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(got.fresh).toEqual(expect.arrayContaining([1, 3, 5, 7, 9, 11, 13, 15, 17, 19]));
    expect(await client.transport.deadLetters(queue)).toEqual([]);
    await old.transport.close();
    expect(await ask(v1)).toBe('new');
  });

  it('ends a resumable stream at shutdown, and lets one come to its end that nobody could take up', async () => {
    const [server, client] = [await connect(), await connect()];
    const { promise: gone, resolve: go } = Promise.withResolvers<void>();
    const produce = async function* () {
      yield 'first';
      await gone;
      yield 'last';
    };
    await server.transport.respondStream(name('chat.tokens'), produce);
    await server.transport.respondStream(name('chat.attached'), produce, { onShutdown: 'finish' });
    const read = (type: string) => client.transport.stream(envelopeOf(name(type), {}))[Symbol.asyncIterator]();
    const [resumable, attached] = [read('chat.tokens'), read('chat.attached')];
    await Promise.all([resumable.next(), attached.next()]);
    const drained = server.transport.drain(SOON_MS);
    await expect(resumable.next()).rejects.toMatchObject({ code: 'platform.shutting-down' });
    await expect(read('chat.attached').next()).rejects.toMatchObject({ code: 'platform.no-handler' });
    go();
    expect(await attached.next()).toEqual({ done: false, value: 'last' });
    expect(await attached.next()).toMatchObject({ done: true });
    await drained;
  });
});
