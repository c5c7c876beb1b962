import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { DomainError, newId } from '@app/kernel';
import { MessageBus, runAs } from '@app/messaging';
import { Database, EventStore } from '@app/persistence';
import { freshFolder } from '@app/testing';
import type { TestingModule } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CompletionRequest,
  type GenerationEvent,
  RequestCompletion,
  StreamGeneration,
} from '../contracts/index.js';
import { ScriptedEngine, startInference, whole } from '../inference.fixture.js';
import { TidyUp } from '../generation/tidy-up.js';

let dataDir: string;
let module: TestingModule;
let engine: ScriptedEngine;
let bus: MessageBus;

const boot = async () => {
  module = await startInference(dataDir, engine);
  bus = module.get(MessageBus, { strict: false });
};
beforeEach(async () => {
  dataDir = mkdtempSync(`${tmpdir()}/parley-completions-`);
  await freshFolder(`${dataDir}/db`);
  engine = new ScriptedEngine();
  await boot();
});
afterEach(async () => {
  await module.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const caller = newId();
const other = newId();
const request: CompletionRequest = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], sampler: {} };
const ask = (key: string, more: Partial<CompletionRequest> = {}, userId = caller) =>
  runAs({ actor: { userId, role: 'user' } }, () =>
    bus.execute(new RequestCompletion({ key, request: { ...request, ...more } })),
  );
const read = async ({ completionId }: { completionId: string }, after = 0) => {
  const events: GenerationEvent[] = [];
  for await (const event of bus.stream(new StreamGeneration({ generationId: completionId, after }))) events.push(event);
  const text = events.map((event) => (event.type === 'token' ? event.text : '')).join('');
  return { text, done: events.find((event) => event.type === 'done') };
};
const db = () => module.get(Database, { strict: false });

describe('a completion with a key', () => {
  it('is generated once, however often and at whatever moment it is asked for', async () => {
    const asked = await Promise.all(Array.from({ length: 8 }, () => ask('k')));
    expect(new Set(asked.map(({ completionId }) => completionId)).size).toBe(1);
    expect(asked.filter(({ replayed }) => !replayed)).toHaveLength(1);
    const [first] = asked;
    expect((await read(first!)).text).toBe(whole(5));
    const again = await ask('k');
    expect(again).toEqual({ ...first, replayed: true });
    expect(await read(again)).toMatchObject({ text: whole(5), done: { status: 'complete' } });
    expect((await read(again, 1)).text.length).toBeLessThan(whole(5).length);
    expect(engine.requests).toHaveLength(1);
  });

  it('belongs to its account: another one may use the same key', async () => {
    const [mine, theirs] = [await ask('k'), await ask('k', {}, other)];
    expect(theirs).toMatchObject({ replayed: false });
    expect(theirs.completionId).not.toBe(mine.completionId);
  });

  it('is refused for another request, and for a model that is not there takes no key', async () => {
    await ask('k');
    const differently = ask('k', { sampler: { temperature: 0.1 } });
    await expect(differently).rejects.toMatchObject({ kind: 'conflict', code: 'inference.idempotency-key-reused' });
    await expect(ask('fresh', { model: 'none' })).rejects.toMatchObject({ code: 'inference.unknown-model' });
    expect(await ask('fresh')).toMatchObject({ replayed: false });
    for (const key of ['', ' ', 'a\n', 'x'.repeat(256)])
      await expect(ask(key)).rejects.toMatchObject({ code: 'platform.invalid-message' });
  });

  it('gives the engine all that was asked', async () => {
    const jsonSchema = { type: 'object' };
    await read(await ask('k', { stop: ['.'], jsonSchema, sampler: { seed: 7, maxTokens: 9 } }));
    expect(engine.requests[0]).toMatchObject({
      ...{ messages: request.messages, stop: ['.'], grammar: { jsonSchema } },
      sampler: { seed: 7, maxTokens: 9 },
    });
  });

  it('is continued by the next process when this one ends in the middle', async () => {
    const reached = Promise.withResolvers<void>();
    engine.beforeWord = async (word, _request, signal) => {
      if (word !== 3) return;
      reached.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    const asked = await ask('k');
    await reached.promise;
    await module.close();
    engine = new ScriptedEngine();
    await boot();
    expect(await ask('k')).toEqual({ ...asked, replayed: true });
    expect(await read(asked)).toMatchObject({ text: whole(5), done: { metadata: { continuations: 1 } } });
    expect(engine.requests[0]?.prefix?.tokenIds).toEqual([1, 2]);
  });

  it('that failed is begun anew by the same request, and says why it failed', async () => {
    engine.beforeWord = async () => {
      throw new DomainError('invalid', 'inference.prompt-too-long', 'Too long.');
    };
    const failed = await ask('k');
    const error = { kind: 'invalid', code: 'inference.prompt-too-long' };
    expect((await read(failed)).done).toMatchObject({ status: 'failed', error });
    engine.beforeWord = async () => undefined;
    const again = await ask('k');
    expect(again).toMatchObject({ replayed: false });
    expect((await read(again)).text).toBe(whole(5));
  });

  it('is forgotten, with its text, when its time is over', async () => {
    const asked = await ask('k');
    await read(asked);
    await db().query(`UPDATE inference.completions SET expires_at = now()`);
    await module.get(TidyUp, { strict: false }).tidy();
    for (const table of ['completions', 'generations', 'generation_chunks'])
      expect(await db().query(`SELECT * FROM inference.${table}`)).toEqual([]);
    expect(await ask('k')).toMatchObject({ replayed: false });
  });

  it('is counted once, and no event holds a word of it', async () => {
    const { completionId } = await ask('k', { messages: [{ role: 'user', content: 'a secret' }] });
    await read({ completionId });
    const events = await module.get(EventStore, { strict: false }).read(`inference.generation:${completionId}`);
    expect(events.map(({ type }) => type)).toEqual([
      'inference.completion.requested.v1',
      'inference.completions.recorded.v1',
    ]);
    expect(events[1]!.data).toMatchObject({
      completions: [
        { completionId, userId: caller, status: 'complete', model: 'm', promptTokens: 7, completionTokens: 5 },
      ],
    });
    expect(JSON.stringify(events)).not.toMatch(/secret|w1/);
  });
});
