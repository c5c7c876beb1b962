import { DomainError } from '@app/kernel';
import { expect, it } from 'vitest';
import { messageContext, runAs } from './context.js';
import { envelopeOf, eventually } from './transport-helpers.contract.js';
import type { Stage } from './transport-stage.contract.js';

const timeoutMs = 5_000;

export function requestsContract(stage: () => Stage): void {
  it('brings a request to who serves its type, and the reply back', async () => {
    const { server, client, name } = stage();
    await server.respond(name('t.echo'), async ({ data, actor, correlationid }) => ({ data, actor, correlationid }));
    const request = envelopeOf(name('t.echo'), { a: 1 }, { actor: { userId: 'ann', role: 'user' } });
    expect(await client.request(request, { timeoutMs })).toEqual({
      data: { a: 1 },
      actor: { userId: 'ann', role: 'user' },
      correlationid: request.correlationid,
    });
  });

  it('keeps the replies of concurrent requests apart', async () => {
    const { server, client, name } = stage();
    await server.respond(name('t.double'), async ({ data }) => {
      const { n } = data as { n: number };
      await new Promise((resolve) => setTimeout(resolve, 20 - n));
      return n * 2;
    });
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    const replies = numbers.map((n) => client.request(envelopeOf(name('t.double'), { n }), { timeoutMs }));
    expect(await Promise.all(replies)).toEqual(numbers.map((n) => n * 2));
  });

  it('carries JSON and nothing else, both ways', async () => {
    const { server, client, name } = stage();
    let got: unknown;
    await server.respond(name('t.json'), async ({ data }) => {
      got = data;
      return { at: new Date(0), gone: undefined, map: new Map([[1, 2]]) };
    });
    const sent = { at: new Date(0), gone: undefined };
    expect(await client.request(envelopeOf(name('t.json'), sent), { timeoutMs })).toStrictEqual({
      at: '1970-01-01T00:00:00.000Z',
      map: {},
    });
    expect(got).toStrictEqual({ at: '1970-01-01T00:00:00.000Z' });
  });

  it('answers outside the context of the caller', async () => {
    const { server, client, name } = stage();
    await server.respond(name('t.context'), async () => ({ context: messageContext() ?? null }));
    const request = envelopeOf(name('t.context'), {});
    expect(await runAs({}, () => client.request(request, { timeoutMs }))).toEqual({ context: null });
  });

  it('answers a request that has no result', async () => {
    const { server, client, name } = stage();
    await server.respond(name('t.void'), async () => undefined);
    expect(await client.request(envelopeOf(name('t.void'), {}), { timeoutMs })).toBeUndefined();
  });

  it('refuses what JSON cannot carry', async () => {
    const { server, client, name } = stage();
    await server.respond(name('t.bigint'), async () => ({ big: 1n }));
    await expect(client.request(envelopeOf(name('t.bigint'), {}), { timeoutMs })).rejects.toMatchObject({
      code: 'platform.not-json',
    });
  });

  it('brings an error back with kind, code, message and details', async () => {
    const { server, client, name } = stage();
    await server.respond(name('t.refuse'), async () => {
      throw new DomainError('too-large', 't.too-long', 'Too long.', { limit: 3 });
    });
    const error = await client.request(envelopeOf(name('t.refuse'), {}), { timeoutMs }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({ kind: 'too-large', code: 't.too-long', message: 'Too long.', details: { limit: 3 } });
  });

  it('keeps the text of an unexpected error on the serving side', async () => {
    const { server, client, name } = stage();
    await server.respond(name('t.break'), async () => {
      throw new Error('secret');
    });
    const error = await client.request(envelopeOf(name('t.break'), {}), { timeoutMs }).catch((e: unknown) => e);
    expect(error).toMatchObject({ kind: 'internal', code: 'platform.internal' });
    expect(String((error as Error).message)).not.toContain('secret');
  });

  it('gives up at the deadline', async () => {
    const { server, client, name } = stage();
    await server.respond(name('t.hang'), () => new Promise(() => undefined));
    await expect(client.request(envelopeOf(name('t.hang'), {}), { timeoutMs: 30 })).rejects.toMatchObject({
      kind: 'timeout',
      code: 'platform.timeout',
    });
  });

  it('tells the serving side that the caller left', async () => {
    const { server, client, name } = stage();
    let serving: AbortSignal | undefined;
    await server.respond(name('t.leave'), (_, signal) => {
      serving = signal;
      return new Promise(() => undefined);
    });
    const caller = new AbortController();
    const reply = client.request(envelopeOf(name('t.leave'), {}), { timeoutMs, signal: caller.signal });
    reply.catch(() => undefined);
    await eventually(() => serving !== undefined);
    caller.abort();
    await expect(reply).rejects.toMatchObject({ kind: 'cancelled' });
    await eventually(() => serving?.aborted === true);
  });

  it('fails at once when nobody serves the type', async () => {
    const { client, name } = stage();
    const started = performance.now();
    await expect(client.request(envelopeOf(name('t.nobody'), {}), { timeoutMs: 60_000 })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'platform.no-handler',
    });
    expect(performance.now() - started).toBeLessThan(5_000);
  });
}
