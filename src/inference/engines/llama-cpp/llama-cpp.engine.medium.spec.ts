import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { estimateMemory, fileSource, readGguf } from '@app/gguf';
import { readGgufBase, readPeftAdapter, toGguf } from '@app/lora';
import { tinyAdapter, type TinyAdapterOptions, writeTinyGguf } from '@app/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EngineEvent, GenerateRequest } from '../../domain/engine.js';
import { collect, engineContract, greedy } from '../engine.contract.js';
import { LlamaCppEngine, type LlamaCppOptions } from './llama-cpp.engine.js';

let folder: string;
const tiny = () => join(folder, 'tiny.gguf');
const random = () => join(folder, 'random.gguf');
const lora = (seed: number) => join(folder, `lora-${seed}.gguf`);
const engines: LlamaCppEngine[] = [];

/** An adapter of the random model, as explore makes it. */
async function writeAdapter(path: string, options: TinyAdapterOptions, of = random()): Promise<void> {
  const { config, weights } = tinyAdapter(options);
  const read = async (at: number, length: number) => weights.subarray(at, at + length);
  await using base = await open(of, 'r');
  const adapter = await readPeftAdapter(config, { size: weights.length, read });
  const pieces: Uint8Array[] = [];
  for await (const piece of toGguf(adapter, await readGgufBase(await fileSource(base)))) pieces.push(piece);
  await writeFile(path, Buffer.concat(pieces));
}

function newEngine(options: Partial<LlamaCppOptions> = {}): LlamaCppEngine {
  const engine = new LlamaCppEngine({ modelsDir: folder, threads: 1, contextTokens: 1024, ...options });
  engines.push(engine);
  return engine;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-llama-'));
  await writeTinyGguf(tiny());
  await writeTinyGguf(random(), { kind: 'random' });
  for (const seed of [1, 2]) await writeAdapter(lora(seed), { seed });
});
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

engineContract('llama-cpp', async () => {
  const engine = new LlamaCppEngine({ modelsDir: folder, threads: 1, contextTokens: 1024 });
  const wrongAdapter = lora(1);
  return { engine, model: tiny(), longPrompt: 'word '.repeat(1000), wrongAdapter, close: () => engine.close() };
});

const question = (content: string): GenerateRequest['messages'] => [{ role: 'user', content }];
const long = { ...greedy, maxTokens: 200 };

/** Reads an answer; after `count` tokens `then` is called. */
async function until(engine: LlamaCppEngine, request: GenerateRequest, count: number, then: () => void) {
  const prefix = { text: '', tokenIds: [] as number[] };
  try {
    for await (const event of engine.generate(request, new AbortController().signal)) {
      if (event.type !== 'token') continue;
      prefix.text += event.text;
      prefix.tokenIds.push(...event.tokenIds);
      if (prefix.tokenIds.length === count) then();
    }
  } catch (error) {
    return { prefix, error };
  }
  return { prefix, error: undefined };
}

describe('a child that dies', () => {
  it.each([
    ['greedy', long],
    ['sampled', { ...long, temperature: 0.9, topK: 40, topP: 0.95, seed: 42 }],
  ])('loses nothing: a %s answer goes on as if it had not been cut', async (_name, sampler) => {
    const engine = newEngine();
    const request = { model: random(), messages: question('Tell me a story'), sampler };
    const whole = await collect(engine, request);
    expect(whole.finish).toMatchObject({ reason: 'length', completionTokens: 200 });
    expect(new Set(whole.tokenIds).size).toBeGreaterThan(50);
    for (const cut of [1, 7 + Math.floor(Math.random() * 40), 60 + Math.floor(Math.random() * 120)]) {
      const { prefix, error } = await until(engine, request, cut, () => process.kill(engine.childPid!, 'SIGKILL'));
      expect(error, `cut at ${cut}`).toMatchObject({ kind: 'unavailable', code: 'inference.engine-crashed' });
      const rest = await collect(engine, { ...request, prefix });
      expect([...prefix.tokenIds, ...rest.tokenIds], `cut at ${cut}`).toEqual(whole.tokenIds);
      expect(prefix.text + rest.text).toBe(whole.text);
      expect(rest.finish.completionTokens).toBe(200 - prefix.tokenIds.length);
    }
  });

  it('goes on in its cache when only the reader was lost', async () => {
    const engine = newEngine();
    const request = { model: random(), messages: question('Tell me a story'), sampler: long };
    const whole = await collect(engine, request);
    const prefix = { text: '', tokenIds: whole.tokenIds.slice(0, 150) };
    const rest = await collect(engine, { ...request, prefix });
    expect(rest.tokenIds).toEqual(whole.tokenIds.slice(150));
    expect(rest.finish.cachedPromptTokens).toBe(rest.finish.promptTokens);
  });

  it('is killed when it hangs', async () => {
    const engine = newEngine({ hangMs: 1_500 });
    const request = { model: random(), messages: question('Tell me a story'), sampler: { ...long, maxTokens: 900 } };
    const { error } = await until(engine, request, 5, () => process.kill(engine.childPid!, 'SIGSTOP'));
    expect(error).toMatchObject({ code: 'inference.engine-crashed' });
    expect((await collect(engine, { model: tiny() })).text).toBe(' Hello from the tiny test model.');
  });

  it('dies with its parent', async () => {
    const parent = spawn(process.execPath, ['--input-type=module', '-e', parentCode(random())], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [pid] = (await once(parent, 'message')) as [number];
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

describe('several answers', () => {
  it('are the same together as alone', async () => {
    const engine = newEngine();
    const requests = ['Tell me a story', 'And you', 'What is this', 'Count to ten'].map((text) => ({
      model: random(),
      messages: question(text),
      sampler: { ...greedy, maxTokens: 120 },
    }));
    const alone: number[][] = [];
    for (const request of requests) alone.push((await collect(engine, request)).tokenIds);
    const together = await Promise.all(requests.map((request) => collect(engine, request)));
    expect(together.map(({ tokenIds }) => tokenIds)).toEqual(alone);
  });

  it('wait for a free place and know their position', async () => {
    const engine = newEngine({ parallel: 1 });
    const request = { model: random(), sampler: { ...greedy, maxTokens: 40 } };
    const answers = await Promise.all([1, 2, 3].map(() => collect(engine, request)));
    const positions = answers.map(({ events }) =>
      events.flatMap((event) => (event.type === 'queued' ? [event.position] : [])),
    );
    expect(positions).toEqual([[], [1], [2, 1]]);
  });

  it('leave the queue when they are cancelled', async () => {
    const engine = newEngine({ parallel: 1 });
    const controller = new AbortController();
    const request = { model: random(), sampler: { ...greedy, maxTokens: 60 } };
    const first = collect(engine, request);
    const second = collect(engine, request, controller.signal);
    const third = collect(engine, request);
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'inference.cancelled' });
    expect((await first).tokenIds).toEqual((await third).tokenIds);
  });
});

describe('the prompt', () => {
  it('reports what was reused from the turn before', async () => {
    const engine = newEngine();
    const messages = question('A first question that is long enough to be worth keeping in the cache');
    const first = await collect(engine, { model: random(), messages });
    const next = [...messages, { role: 'assistant' as const, content: first.text }, ...question('And the next one')];
    const second = await collect(engine, { model: random(), messages: next });
    expect(first.finish.cachedPromptTokens).toBe(0);
    expect(second.finish.cachedPromptTokens).toBeGreaterThanOrEqual(first.finish.promptTokens);
    expect(second.finish.cachedPromptTokens).toBeLessThan(second.finish.promptTokens);
  });

  it('is not reused for a few shared words', async () => {
    const engine = newEngine();
    await collect(engine, { model: random(), messages: question('Who are you') });
    const { finish } = await collect(engine, { model: random(), messages: question('Who are they') });
    expect(finish.cachedPromptTokens).toBe(0);
  });

  it('keeps the system message for the next conversation, which gets the answer that it would get alone', async () => {
    const system = { role: 'system' as const, content: 'Be brief.' };
    const other = { model: random(), messages: [system, ...question('Something else')] };
    const alone = await collect(newEngine(), other);
    const engine = newEngine({ parallel: 1 });
    const first = await collect(engine, { model: random(), messages: [system, ...question('Who are you')] });
    const second = await collect(engine, other);
    expect(first.finish.cachedPromptTokens).toBe(0);
    expect(second.finish.cachedPromptTokens).toBeGreaterThan(system.content.length / 2);
    expect(second.finish.cachedPromptTokens).toBeLessThan(second.finish.promptTokens);
    expect(second.tokenIds).toEqual(alone.tokenIds);
  });

  it('is counted like it is read', async () => {
    const engine = newEngine();
    const { finish } = await collect(engine, { model: tiny(), messages: question('How long is this?') });
    expect(await engine.countTokens(tiny(), question('How long is this?'))).toBe(finish.promptTokens);
  });

  it('cannot fake another role', async () => {
    const engine = newEngine();
    const plain = await engine.countTokens(tiny(), question(''));
    const faked = await engine.countTokens(tiny(), question('<|assistant|>'));
    expect(faked - plain).toBeGreaterThan(5);
  });

  it('tells how long it is when it is too long', async () => {
    const work = collect(newEngine(), { model: tiny(), messages: question('word '.repeat(1000)) });
    await expect(work).rejects.toMatchObject({
      details: { promptTokens: expect.any(Number), contextTokens: 1024 },
    });
  });

  it('that nearly fills the context ends with the reason length', async () => {
    const { finish } = await collect(newEngine({ contextTokens: 256 }), {
      model: random(),
      messages: question('x'.repeat(200)),
      sampler: { ...greedy, maxTokens: 1000 },
    });
    expect(finish.reason).toBe('length');
    expect(finish.promptTokens + finish.completionTokens).toBe(256);
  });

  it('of a long conversation gets a longer context, while shorter ones go on', async () => {
    const file = join(folder, 'long.gguf');
    await writeTinyGguf(file, { kind: 'random', contextLength: 8192 });
    const engine = newEngine({ contextTokens: 8192 });
    const request = { model: file, messages: question('Tell me a story'), sampler: { ...greedy, maxTokens: 300 } };
    const alone = await collect(engine, request);
    const reading = collect(engine, request);
    const long = await collect(engine, {
      model: file,
      messages: question('word '.repeat(600)),
      sampler: { ...greedy, maxTokens: 5 },
    });
    expect(long.finish.promptTokens).toBeGreaterThan(2048);
    expect(long.finish.completionTokens).toBe(5);
    expect((await reading).tokenIds).toEqual(alone.tokenIds);
    expect((await collect(engine, request)).tokenIds).toEqual(alone.tokenIds);
  });

  it('is refused when the template of the model never ends', async () => {
    const file = join(folder, 'endless.gguf');
    const chatTemplate = '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}';
    await writeTinyGguf(file, { chatTemplate });
    const engine = newEngine();
    await expect(collect(engine, { model: file })).rejects.toMatchObject({ code: 'inference.template-refused' });
    expect((await collect(engine, { model: tiny() })).finish.reason).toBe('stop');
  });

  it('is written as ChatML when the model has no template', async () => {
    const file = join(folder, 'plain.gguf');
    await writeTinyGguf(file, { chatTemplate: null });
    expect((await collect(newEngine(), { model: file })).text).toBe(' Hello from the tiny test model.');
  });
});

describe('the text', () => {
  it('comes in whole characters, and its tokens stand for it', async () => {
    const file = join(folder, 'signs.gguf');
    await writeTinyGguf(file, { words: [' Hi', 'é', '🙂', ' there', '.'] });
    const { events, text, tokenIds } = await collect(newEngine(), { model: file });
    expect(text).toBe(' Hié🙂 there.');
    expect(events.flatMap((event) => (event.type === 'token' ? [event.text] : []))).toEqual([
      ' Hi',
      'é',
      '🙂',
      ' there',
      '.',
    ]);
    expect(tokenIds).toHaveLength(9);
  });

  it('stays the same when it is cut inside a character', async () => {
    const file = join(folder, 'signs.gguf');
    await writeTinyGguf(file, { words: [' Hi', 'é', '🙂', ' there', '.'] });
    const { text, finish } = await collect(newEngine(), { model: file, sampler: { ...greedy, maxTokens: 5 } });
    expect(text).toBe(' Hié');
    expect(finish).toMatchObject({ reason: 'length', completionTokens: 5 });
  });

  it('is the same when its tokens may come together', async () => {
    const engine = newEngine();
    const request = { model: random(), sampler: { ...greedy, maxTokens: 60 } };
    const single = await collect(engine, request);
    const together = await collect(engine, { ...request, gatherMs: 40 });
    expect(single.tokenIds).toHaveLength(60);
    expect(together.tokenIds).toEqual(single.tokenIds);
    expect(together.text).toBe(single.text);
  });
});

describe('a model file', () => {
  it('that lies about its tensors never reaches the native library', async () => {
    const file = join(folder, 'broken.gguf');
    await writeTinyGguf(file);
    await truncate(file, 100_000);
    const engine = newEngine();
    await expect(collect(engine, { model: file })).rejects.toMatchObject({ kind: 'invalid', code: 'gguf.truncated' });
    await writeFile(file, 'no model at all');
    await expect(collect(engine, { model: file })).rejects.toMatchObject({ code: 'gguf.not-gguf' });
    expect(engine.childPid).toBeUndefined();
  });

  it('outside the models folder cannot be named by a relative path', async () => {
    for (const model of ['../tiny.gguf', 'a/../../tiny.gguf', '..', '.', ''])
      await expect(collect(newEngine(), { model })).rejects.toMatchObject({ code: 'inference.unknown-model' });
  });

  it('is loaded once for all who wait, with progress for each', async () => {
    const loads: object[] = [];
    const logger = { debug: () => {}, warn: () => {}, info: (fields: object) => loads.push(fields) };
    const engine = newEngine({ logger });
    const answers = await Promise.all([1, 2, 3].map(() => collect(engine, { model: tiny() })));
    expect(loads).toHaveLength(1);
    for (const { events } of answers) expect(events.some(isLoading)).toBe(true);
  });

  it('leaves the memory for another when the budget is small', async () => {
    const seen: string[] = [];
    const logger = { debug: () => {}, warn: () => {}, info: (_fields: object, message: string) => seen.push(message) };
    const engine = newEngine({ logger, memoryBytes: 24 * 2 ** 20, parallel: 1 });
    for (const model of [tiny(), random(), tiny()]) await collect(engine, { model });
    expect(seen.filter((message) => message === 'model unloaded')).toHaveLength(0);
    const tight = newEngine({ logger, memoryBytes: 13 * 2 ** 20, parallel: 1 });
    for (const model of [tiny(), random(), tiny()]) expect((await collect(tight, { model })).finish).toBeDefined();
    expect(seen.filter((message) => message === 'model unloaded')).toHaveLength(2);
  });

  it('waits for the memory of another that is in use', async () => {
    const engine = newEngine({ memoryBytes: 13 * 2 ** 20, parallel: 1 });
    const models = [tiny(), random(), tiny(), random()];
    const answers = await Promise.all(models.map((model) => collect(engine, { model })));
    expect(answers.map(({ finish }) => finish.reason)).toEqual(['stop', 'length', 'stop', 'length']);
  });

  it('that needs more memory than there may be is refused', async () => {
    const work = collect(newEngine({ memoryBytes: 1_000_000 }), { model: tiny() });
    await expect(work).rejects.toMatchObject({ kind: 'unavailable', code: 'inference.not-enough-memory' });
  });

  it('is loaded again after it was unloaded', async () => {
    const engine = newEngine();
    await engine.warm(tiny());
    await engine.unload(tiny());
    const { events, text } = await collect(engine, { model: tiny() });
    expect(events.some(isLoading)).toBe(true);
    expect(text).toBe(' Hello from the tiny test model.');
  });
});

describe('the child process', () => {
  it('starts on first use only', async () => {
    const engine = newEngine();
    expect(engine.childPid).toBeUndefined();
    expect((await engine.models()).map(({ name }) => name)).toContain('tiny-test-llama');
    expect(engine.childPid).toBeUndefined();
    await engine.warm(tiny());
    expect(engine.childPid).toBeGreaterThan(0);
  });
});

/** A parent that tells the id of its child once that is in the middle of an answer. */
const parentCode = (model: string) => `
  import { fork } from 'node:child_process';
  const entry = ${JSON.stringify(fileURLToPath(new URL('./child.ts', import.meta.url)))};
  const settings = JSON.stringify({ threads: 1, gpu: false });
  const child = fork(entry, [settings], { execArgv: [], serialization: 'advanced', env: { UV_THREADPOOL_SIZE: '1' } });
  const model = ${JSON.stringify(model)};
  const request = { messages: [{ role: 'user', content: 'Hi' }], sampler: ${JSON.stringify({ ...greedy, maxTokens: 1000 })} };
  child.send({ type: 'job', id: 1, job: { type: 'load', model, contextTokens: 2048, sequences: 1 } });
  child.on('message', ({ events }) => {
    for (const { id, done, event } of events) {
      if (id === 1 && done) child.send({ type: 'job', id: 2, job: { type: 'generate', model, request } });
      if (id === 2 && event.type === 'token') process.send(child.pid);
    }
  });
`;

const isLoading = (event: EngineEvent) => event.type === 'loading';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Bytes of the child that are in memory. */
const memoryOf = async (pid: number): Promise<number> =>
  Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;

describe('adapters', () => {
  const request = { messages: question('Tell me a story'), sampler: { ...greedy, maxTokens: 60 } };
  const use = (seed: number, scale = 1) => [{ adapter: lora(seed), scale }];
  const say = (engine: LlamaCppEngine, adapters: GenerateRequest['adapters'], more: Partial<GenerateRequest> = {}) =>
    collect(engine, { ...request, model: random(), adapters, ...more });

  it('change what the model says, each in its own way, and not at all at strength 0', async () => {
    const engine = newEngine();
    const plain = await say(engine, undefined);
    const [one, two, both, weak, none] = await Promise.all([
      say(engine, use(1)),
      say(engine, use(2)),
      say(engine, [...use(1), ...use(2)]),
      say(engine, use(1, 0.5)),
      say(engine, use(1, 0)),
    ]);
    expect(new Set([plain, one, two, both, weak].map(({ text }) => text)).size).toBe(5);
    expect(none!.text).toBe(plain.text);
    expect((await say(engine, use(1))).text).toBe(one!.text);
    expect((await say(engine, undefined)).text).toBe(plain.text);
  });

  it('keep what they know of a conversation to themselves', async () => {
    const engine = newEngine();
    const one = await say(engine, use(1));
    const other = await say(engine, use(2));
    expect(other.finish.cachedPromptTokens).toBe(0);
    const longer = question(`Tell me a story${' and another'.repeat(20)}`);
    await say(engine, use(1), { messages: longer });
    const again = await say(engine, use(1), { messages: longer });
    expect(again.finish.cachedPromptTokens).toBeGreaterThan(32);
    expect((await say(engine, use(1))).text).toBe(one.text);
  });

  it('are there again after a crash, and the answer goes on as if it had not been cut', async () => {
    const engine = newEngine();
    const whole = await say(engine, use(1));
    for (const cut of [1, 25]) {
      const full = { ...request, model: random(), adapters: use(1) };
      const { prefix, error } = await until(engine, full, cut, () => process.kill(engine.childPid!, 'SIGKILL'));
      expect(error).toMatchObject({ code: 'inference.engine-crashed' });
      const rest = await say(engine, use(1), { prefix });
      expect([...prefix.tokenIds, ...rest.tokenIds]).toEqual(whole.tokenIds);
    }
  });

  it('of another model, or none at all, are refused before the engine starts', async () => {
    const engine = newEngine();
    await writeFile(join(folder, 'text.gguf'), 'no adapter');
    await writeFile(join(folder, 'cut.gguf'), (await readFile(lora(1))).subarray(0, 5_000));
    const with_ = (name: string, model = random()) =>
      collect(engine, { ...request, model, adapters: [{ adapter: join(folder, name), scale: 1 }] });
    await expect(with_('lora-1.gguf', tiny())).rejects.toMatchObject({ code: 'explore.adapter-wrong-base' });
    await expect(with_('random.gguf')).rejects.toMatchObject({ code: 'explore.adapter-not-an-adapter' });
    await expect(with_('text.gguf')).rejects.toMatchObject({ kind: 'invalid' });
    await expect(with_('cut.gguf')).rejects.toMatchObject({ kind: 'invalid' });
    await expect(with_('gone.gguf')).rejects.toMatchObject({ code: 'inference.unknown-adapter' });
    expect(engine.childPid).toBeUndefined();
  });

  it('give their memory back when they are unloaded', async () => {
    const wide = join(folder, 'wide.gguf');
    await writeTinyGguf(wide, { kind: 'random', width: 512, contextLength: 8192 });
    const engine = newEngine({ contextTokens: 8192, parallel: 8 });
    const adapter = join(folder, 'wide-lora.gguf');
    await writeAdapter(adapter, { width: 512, rank: 16 }, wide);
    const messages = question('word '.repeat(1_500));
    const ask = (adapters: GenerateRequest['adapters']) =>
      collect(engine, { model: wide, messages, sampler: { ...greedy, maxTokens: 2 }, adapters });
    await ask(undefined);
    const before = await memoryOf(engine.childPid!);
    await ask([{ adapter, scale: 1 }]);
    const during = await memoryOf(engine.childPid!);
    await engine.unloadAdapter(adapter);
    const after = await memoryOf(engine.childPid!);
    expect(during - before).toBeGreaterThan(20 * 2 ** 20);
    expect(during - after).toBeGreaterThan(0.7 * (during - before));
  });

  it('leave in the order of their last use when the memory is wanted', async () => {
    const lines: string[] = [];
    const told = (fields: object, line: string) =>
      lines.push(`${line} ${(fields as { scales?: number[] }).scales?.join()}`);
    const logger = { debug: () => undefined, warn: () => undefined, info: told };
    const context = estimateMemory(await readGguf(random()), 2, 1024);
    // Room for the model and the contexts of two sets.
    const file = (await readFile(lora(1))).length;
    const memoryBytes = context.total + 2 * (context.cache + context.compute + file);
    const engine = newEngine({ logger, memoryBytes, parallel: 2 });
    for (const scale of [1, 0.5, 1, 0.25]) await say(engine, use(1, scale));
    expect(lines.slice(1)).toEqual([
      'adapters loaded 1',
      'adapters loaded 0.5',
      'adapters unloaded 0.5',
      'adapters loaded 0.25',
    ]);
    const crowded = newEngine({ memoryBytes: context.total + file, parallel: 2 });
    await expect(say(crowded, use(1))).rejects.toMatchObject({ code: 'inference.not-enough-memory' });
    expect((await say(crowded, undefined)).finish.reason).toBe('length');
  });
});
