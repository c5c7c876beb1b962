import { DomainError } from '@app/kernel';
import { expect, it } from 'vitest';
import { envelopeOf, eventually } from './transport-helpers.contract.js';
import type { StreamResponder } from './transport.js';
import type { Stage } from './transport-stage.contract.js';

/** Counts up without end; tells how far it got and whether it was stopped. */
function counter() {
  const state = { produced: 0, stopped: false, aborted: false };
  const respond: StreamResponder = async function* (_, signal) {
    signal.addEventListener('abort', () => (state.aborted = true));
    try {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        yield state.produced++;
      }
    } finally {
      state.stopped = true;
    }
  };
  return { state, respond };
}

/** Lets a producer that is not held back run far ahead. */
const aWhile = async () => {
  for (let turn = 0; turn < 2_000; turn++) await new Promise((resolve) => setImmediate(resolve));
};

export function streamsContract(stage: () => Stage): void {
  it('brings many items in order', async () => {
    const { server, client, name } = stage();
    await server.respondStream(name('t.count'), async function* ({ data }) {
      for (let n = 0; n < (data as { to: number }).to; n++) yield { n };
    });
    const got: unknown[] = [];
    for await (const item of client.stream(envelopeOf(name('t.count'), { to: 1_000 }))) got.push(item);
    expect(got).toEqual(Array.from({ length: 1_000 }, (_, n) => ({ n })));
  });

  it('brings the same to a reader that shows nothing before the end, and the error after them', async () => {
    const { server, client, name } = stage();
    await server.respondStream(name('t.whole'), async function* ({ data }) {
      for (let n = 0; n < 100; n++) {
        if (n % 40 === 39) await new Promise((resolve) => setImmediate(resolve));
        yield n;
      }
      if ((data as { fails: boolean }).fails) throw new DomainError('unavailable', 't.broke', 'It broke.');
    });
    const got: unknown[] = [];
    const read = async (fails: boolean) => {
      for await (const n of client.stream(envelopeOf(name('t.whole'), { fails }), { whole: true })) got.push(n);
    };
    const all = Array.from({ length: 100 }, (_, n) => n);
    await read(false);
    expect(got.splice(0)).toEqual(all);
    await expect(read(true)).rejects.toMatchObject({ code: 't.broke' });
    expect(got).toEqual(all);
  });

  it('gives each reader a stream of its own', async () => {
    const { server, client, name } = stage();
    await server.respondStream(name('t.own'), async function* ({ data }) {
      for (let n = 0; n < 50; n++) yield `${(data as { who: string }).who}${n}`;
    });
    const read = async (who: string) => {
      const got: unknown[] = [];
      for await (const item of client.stream(envelopeOf(name('t.own'), { who }))) got.push(item);
      return got;
    };
    const [a, b] = await Promise.all([read('a'), read('b')]);
    expect(a).toEqual(Array.from({ length: 50 }, (_, n) => `a${n}`));
    expect(b).toEqual(Array.from({ length: 50 }, (_, n) => `b${n}`));
  });

  it('carries JSON and nothing else', async () => {
    const { server, client, name } = stage();
    await server.respondStream(name('t.json'), async function* ({ data }) {
      yield { got: data, at: new Date(0), gone: undefined };
    });
    const got: unknown[] = [];
    for await (const item of client.stream(envelopeOf(name('t.json'), { at: new Date(0) }))) got.push(item);
    expect(got).toStrictEqual([{ got: { at: '1970-01-01T00:00:00.000Z' }, at: '1970-01-01T00:00:00.000Z' }]);
  });

  it('ends an empty stream', async () => {
    const { server, client, name } = stage();
    await server.respondStream(name('t.empty'), async function* () {});
    for await (const item of client.stream(envelopeOf(name('t.empty'), {}))) expect.unreachable(String(item));
  });

  it('brings the items before an error, then the error', async () => {
    const { server, client, name } = stage();
    await server.respondStream(name('t.fails'), async function* () {
      yield 1;
      throw new DomainError('unavailable', 't.broke', 'It broke.', { after: 1 });
    });
    const items = client.stream(envelopeOf(name('t.fails'), {}))[Symbol.asyncIterator]();
    expect(await items.next()).toEqual({ done: false, value: 1 });
    await expect(items.next()).rejects.toMatchObject({ kind: 'unavailable', code: 't.broke', details: { after: 1 } });
    expect(await items.next()).toMatchObject({ done: true });
  });

  it('stops the producer when the reader leaves', async () => {
    const { server, client, name } = stage();
    const { state, respond } = counter();
    await server.respondStream(name('t.left'), respond);
    for await (const n of client.stream(envelopeOf(name('t.left'), {}))) if (n === 5) break;
    await eventually(() => state.aborted && state.stopped);
  });

  it('lets a reader leave while it waits for an item', async () => {
    const { server, client, name } = stage();
    let serving: AbortSignal | undefined;
    await server.respondStream(name('t.silent'), async function* (_, signal) {
      serving = signal;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      yield 'too late';
    });
    const items = client.stream(envelopeOf(name('t.silent'), {}))[Symbol.asyncIterator]();
    const waiting = items.next();
    await eventually(() => serving !== undefined);
    await items.return?.();
    expect(await waiting).toMatchObject({ done: true });
    await eventually(() => serving?.aborted === true);
  });

  it('ends with an error when the reader’s own signal aborts', async () => {
    const { server, client, name } = stage();
    const { state, respond } = counter();
    await server.respondStream(name('t.signal'), respond);
    const reader = new AbortController();
    const reading = (async () => {
      for await (const n of client.stream(envelopeOf(name('t.signal'), {}), { signal: reader.signal })) {
        if (n === 2) reader.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ kind: 'cancelled' });
    await eventually(() => state.aborted && state.stopped);
  });

  it('holds the producer back while the reader is slow', async () => {
    const { server, client, name, harness } = stage();
    const { state, respond } = counter();
    await server.respondStream(name('t.slow'), respond);
    const items = client.stream(envelopeOf(name('t.slow'), {}))[Symbol.asyncIterator]();
    for (let read = 1; read <= 3; read++) {
      await items.next();
      await aWhile();
      expect(state.produced).toBeLessThanOrEqual(read + harness.maxLead);
    }
    await items.return?.();
  });

  it('fails at once when nobody serves the type', async () => {
    const { client, name } = stage();
    const items = client.stream(envelopeOf(name('t.no-stream'), {}))[Symbol.asyncIterator]();
    await expect(items.next()).rejects.toMatchObject({ kind: 'unavailable', code: 'platform.no-handler' });
  });
}
