import { startStubUpstream, type StubFailure, type StubUpstream, type StubUpstreamOptions } from '@app/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { collect, engineContract, greedy } from '../engine.contract.js';
import { OpenAiCompatibleEngine, type OpenAiCompatibleOptions } from './openai-compatible.engine.js';

engineContract('openai-compatible', async () => {
  const stub = await startStubUpstream({ contextCharacters: 2_000 });
  const engine = new OpenAiCompatibleEngine({ baseUrl: stub.url });
  const close = async () => {
    await engine.close();
    await stub.close();
  };
  return { engine, model: 'stub-model', longPrompt: 'word '.repeat(1000), close };
});

const sentence = ' Hello from the tiny test model.';
const model = 'stub-model';
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(
  stubOptions: StubUpstreamOptions = {},
  options: Partial<OpenAiCompatibleOptions> = {},
): Promise<{ stub: StubUpstream; engine: OpenAiCompatibleEngine }> {
  const stub = await startStubUpstream(stubOptions);
  const engine = new OpenAiCompatibleEngine({ baseUrl: stub.url, ...options });
  cleanUps.push(
    () => stub.close(),
    () => engine.close(),
  );
  return { stub, engine };
}

describe('an upstream that fails', () => {
  const trouble = { status: 503 };

  it('is asked again before the first token', async () => {
    const { stub, engine } = await start();
    stub.fail(trouble, { cutAfter: 0 });
    expect((await collect(engine, { model })).text).toBe(sentence);
    expect(stub.requests).toHaveLength(3);
  });

  it('is not asked for ever', async () => {
    const { stub, engine } = await start({}, { retries: 1 });
    stub.fail(trouble, trouble, trouble);
    await expect(collect(engine, { model })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'inference.upstream-unavailable',
    });
    expect(stub.requests).toHaveLength(2);
  });

  it('is not asked again once a token was shown', async () => {
    const { stub, engine } = await start({ tokenDelayMs: 50 });
    stub.fail({ cutAfter: 2 });
    await expect(collect(engine, { model })).rejects.toMatchObject({ code: 'inference.upstream-unavailable' });
    expect(stub.requests).toHaveLength(1);
  });

  it('is left alone for a while after five failures', async () => {
    const { stub, engine } = await start({}, { retries: 0 });
    stub.fail(trouble, trouble, trouble, trouble, trouble);
    for (let call = 0; call < 7; call++)
      await expect(collect(engine, { model })).rejects.toMatchObject({ code: 'inference.upstream-unavailable' });
    expect(stub.requests).toHaveLength(5);
  });

  it('is given the pause that it asks for', async () => {
    const { stub, engine } = await start();
    stub.fail({ status: 429, headers: { 'retry-after': '1' } });
    const started = performance.now();
    expect((await collect(engine, { model })).text).toBe(sentence);
    expect(performance.now() - started).toBeGreaterThan(950);
  });

  it('is not waited for when the pause is too long', async () => {
    const { stub, engine } = await start();
    stub.fail({ status: 429, headers: { 'retry-after': '3600' } });
    await expect(collect(engine, { model })).rejects.toMatchObject({
      kind: 'rate-limited',
      code: 'inference.upstream-rate-limited',
      details: { retryAfterSeconds: 3600 },
    });
    expect(stub.requests).toHaveLength(1);
  });

  it.each<[string, StubFailure]>([
    ['before its status', { silentAfter: -1 }],
    ['before the first token', { silentAfter: 0 }],
    ['in the middle', { silentAfter: 3 }],
  ])('is not waited for when it falls silent %s', async (_when, failure) => {
    const { stub, engine } = await start({}, { idleTimeoutMs: 300, retries: 0 });
    stub.fail(failure);
    await expect(collect(engine, { model })).rejects.toMatchObject({
      kind: 'timeout',
      code: 'inference.upstream-unavailable',
    });
    await stub.idle();
  });

  it('cannot send the request elsewhere', async () => {
    const other = await start();
    const { stub, engine } = await start({}, { apiKey: 'secret-key' });
    stub.fail({ status: 307, headers: { location: `${other.stub.url}/chat/completions` } });
    await expect(collect(engine, { model })).rejects.toMatchObject({ code: 'inference.upstream-unavailable' });
    expect(other.stub.requests).toHaveLength(0);
    expect(stub.requests).toHaveLength(1);
  });

  it.each<[string, string]>([
    ['an endless event', `data: ${'x'.repeat(3_000_000)}`],
    ['no JSON', 'data: hello\n\n'],
    ['another kind of JSON', 'data: null\n\n'],
    ['an error event', 'data: {"error":{"message":"out of memory"}}\n\n'],
    ['no end', 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n'],
    ['nothing', ''],
  ])('and answers with %s is not believed', async (_what, raw) => {
    const { stub, engine } = await start({}, { retries: 0 });
    stub.fail({ raw });
    await expect(collect(engine, { model })).rejects.toMatchObject({ code: 'inference.upstream-unavailable' });
  });
});

describe('the key', () => {
  it('is sent as bearer token', async () => {
    const { engine } = await start({ apiKey: 'secret-key' }, { apiKey: 'secret-key' });
    expect((await collect(engine, { model })).text).toBe(sentence);
  });

  it('is in no error', async () => {
    const { stub, engine } = await start({ apiKey: 'other' }, { apiKey: 'secret-key' });
    const error: unknown = await collect(engine, { model }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind: 'unavailable', code: 'inference.upstream-unauthorized' });
    expect(JSON.stringify(error)).not.toContain('secret-key');
    expect(stub.requests).toHaveLength(1);
  });
});

describe('usage', () => {
  it('is what the upstream reports', async () => {
    const { engine } = await start();
    const messages = [{ role: 'user' as const, content: 'x'.repeat(100) }];
    expect((await collect(engine, { model, messages })).finish).toMatchObject({
      promptTokens: 25,
      completionTokens: 7,
    });
  });

  it('is estimated when the upstream refuses to report it', async () => {
    const { stub, engine } = await start({ usage: false });
    const body = JSON.stringify({ error: { message: 'Unrecognized request argument supplied: stream_options' } });
    stub.fail({ status: 400, body });
    const first = await collect(engine, { model });
    const second = await collect(engine, { model });
    expect([first.text, second.text]).toEqual([sentence, sentence]);
    expect(second.finish).toMatchObject({ completionTokens: 7 });
    expect(stub.requests.map(({ body }) => 'stream_options' in body)).toEqual([true, false, false]);
  });
});

describe('the request', () => {
  it('ends at the upstream when it is cancelled here', async () => {
    const { stub, engine } = await start({ tokenDelayMs: 50, tokens: Array.from({ length: 1000 }, () => ' word') });
    const controller = new AbortController();
    const request = {
      model,
      messages: [{ role: 'user' as const, content: 'Hi' }],
      sampler: { ...greedy, maxTokens: 1000 },
    };
    const work = (async () => {
      for await (const event of engine.generate(request, controller.signal))
        if (event.type === 'token') controller.abort();
    })();
    await expect(work).rejects.toMatchObject({ code: 'inference.cancelled' });
    await stub.idle();
    expect(stub.openStreams).toBe(0);
  });

  it('leaves its connection to the next one, however long the answer was', async () => {
    const { stub, engine } = await start({ tokens: Array.from({ length: 500 }, () => ' word') }, { connections: 1 });
    for (let asked = 0; asked < 3; asked++) await collect(engine, { model });
    expect(stub.connections).toBe(1);
  });

  it('carries only what OpenAI knows, unless the upstream knows more', async () => {
    const plain = await start();
    const extended = await start({}, { extendedSampler: true });
    for (const { engine } of [plain, extended]) await collect(engine, { model });
    expect(plain.stub.requests[0]!.body).not.toHaveProperty('top_k');
    expect(extended.stub.requests[0]!.body).toMatchObject({ top_k: 0, min_p: 0, top_p: 1, seed: 1 });
  });

  it('asks an upstream that can to continue the prefix', async () => {
    const { stub, engine } = await start({}, { continuesPrefix: true });
    const { events } = await collect(engine, { model, prefix: { text: 'Once upon', tokenIds: [] } });
    expect(events[0]).toMatchObject({ type: 'token' });
    expect(stub.requests[0]!.body).toMatchObject({
      continue_final_message: true,
      messages: [{ role: 'user' }, { role: 'assistant', content: 'Once upon' }],
    });
  });
});

describe('the list of models', () => {
  it('is asked for once a minute', async () => {
    const { stub, engine } = await start({ models: ['a', 'b'] });
    await Promise.all([engine.models(), engine.models()]);
    expect((await engine.models()).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(stub.requests).toHaveLength(1);
  });

  it('is asked for again after a failure', async () => {
    const { stub, engine } = await start({ models: ['a'] }, { retries: 0 });
    stub.fail({ status: 500 });
    await expect(engine.models()).rejects.toMatchObject({ code: 'inference.upstream-unavailable' });
    expect(await engine.models()).toHaveLength(1);
  });
});
