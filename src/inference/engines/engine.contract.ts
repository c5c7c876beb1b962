import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, EngineEvent, GenerateRequest, Sampler } from '../domain/engine.js';

export interface EngineUnderTest {
  engine: Engine;
  /** A model that says " Hello from the tiny test model." after any prompt that fits. */
  model: string;
  /** A prompt that is too long for the model. */
  longPrompt: string;
  /** A file that is an adapter of another model, for an engine that takes adapters. */
  wrongAdapter?: string;
  close(): Promise<void>;
}

export const greedy: Sampler = { temperature: 0, topP: 1, topK: 0, minP: 0, seed: 1, maxTokens: 64 };

export async function collect(
  engine: Engine,
  request: Partial<GenerateRequest> & { model: string },
  signal = new AbortController().signal,
): Promise<{ events: EngineEvent[]; text: string; tokenIds: number[]; finish: FinishEvent }> {
  const events: EngineEvent[] = [];
  const full = { messages: [{ role: 'user' as const, content: 'Who are you?' }], sampler: greedy, ...request };
  for await (const event of engine.generate(full, signal)) events.push(event);
  const tokens = events.filter((event) => event.type === 'token');
  return {
    events,
    text: tokens.map(({ text }) => text).join(''),
    tokenIds: tokens.flatMap(({ tokenIds }) => tokenIds),
    finish: events.at(-1) as FinishEvent,
  };
}

export type FinishEvent = Extract<EngineEvent, { type: 'finish' }>;

/** What every engine promises; see the port. */
export function engineContract(name: string, setUp: () => Promise<EngineUnderTest>): void {
  describe(`${name} is an engine`, () => {
    const sentence = ' Hello from the tiny test model.';
    let test: EngineUnderTest;
    beforeAll(async () => {
      test = await setUp();
    });
    afterAll(() => test.close());

    it('streams an answer and then says how it ended', async () => {
      const { events, text, finish } = await collect(test.engine, { model: test.model });
      expect(text).toBe(sentence);
      expect(events.filter(({ type }) => type === 'token').length).toBeGreaterThan(3);
      expect(finish).toMatchObject({ type: 'finish', reason: 'stop' });
      expect(finish.promptTokens).toBeGreaterThan(0);
      expect(finish.completionTokens).toBe(7);
      const order = ['queued', 'loading', 'prompt', 'token', 'finish'];
      const places = events.map(({ type }) => order.indexOf(type));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    });

    it('ends at maxTokens with the reason length', async () => {
      const { text, finish } = await collect(test.engine, { model: test.model, sampler: { ...greedy, maxTokens: 3 } });
      expect(text).toBe(' Hello from the');
      expect(finish).toMatchObject({ reason: 'length', completionTokens: 3 });
    });

    it('ends before a stop text and shows no part of it', async () => {
      const { text, finish } = await collect(test.engine, { model: test.model, stop: ['the tiny'] });
      expect(text).toBe(' Hello from ');
      expect(finish.reason).toBe('stop');
    });

    it('shows what only begins like a stop text', async () => {
      const { text } = await collect(test.engine, { model: test.model, stop: ['the tiny zebra', '..'] });
      expect(text).toBe(sentence);
    });

    it('answers several at the same time', async () => {
      const answers = await Promise.all(Array.from({ length: 9 }, () => collect(test.engine, { model: test.model })));
      expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: 9 }, () => sentence));
    });

    it('goes on with a prefix, or says that it starts again', async () => {
      const whole = await collect(test.engine, { model: test.model });
      const prefix = { text: ' Hello from the', tokenIds: whole.tokenIds.slice(0, 3) };
      const { events, text } = await collect(test.engine, { model: test.model, prefix });
      if (test.engine.continuesPrefix) expect(text).toBe(' tiny test model.');
      else {
        expect(events[0]).toMatchObject({ type: 'restart' });
        expect(text).toBe(sentence);
      }
    });

    it('refuses a signal that has aborted', async () => {
      const work = collect(test.engine, { model: test.model }, AbortSignal.abort());
      await expect(work).rejects.toMatchObject({ kind: 'cancelled', code: 'inference.cancelled' });
    });

    it('stops when the signal aborts, and is free for others', async () => {
      for (let round = 0; round < 6; round++) {
        const controller = new AbortController();
        const work = (async () => {
          const request = { model: test.model, messages: [{ role: 'user' as const, content: 'Hi' }], sampler: greedy };
          for await (const event of test.engine.generate(request, controller.signal))
            if (event.type === 'token') controller.abort();
        })();
        await expect(work).rejects.toMatchObject({ code: 'inference.cancelled' });
      }
      expect((await collect(test.engine, { model: test.model })).text).toBe(sentence);
    });

    it('is free for others when its reader leaves', async () => {
      const request = { model: test.model, messages: [{ role: 'user' as const, content: 'Hi' }], sampler: greedy };
      for (let round = 0; round < 6; round++)
        for await (const event of test.engine.generate(request, new AbortController().signal))
          if (event.type === 'token') break;
      expect((await collect(test.engine, { model: test.model })).text).toBe(sentence);
    });

    it('does not know a model that is not there', async () => {
      const work = collect(test.engine, { model: 'no-such-model' });
      await expect(work).rejects.toMatchObject({ kind: 'not-found', code: 'inference.unknown-model' });
    });

    it('refuses a prompt that the model cannot read', async () => {
      const work = collect(test.engine, { model: test.model, messages: [{ role: 'user', content: test.longPrompt }] });
      await expect(work).rejects.toMatchObject({ kind: 'invalid', code: 'inference.prompt-too-long' });
    });

    it('answers in the form of a JSON schema', async () => {
      const jsonSchema = {
        type: 'object',
        properties: { sure: { type: 'boolean' }, mood: { enum: ['good', 'bad'] } },
        required: ['sure', 'mood'],
        additionalProperties: false,
      };
      const { text } = await collect(test.engine, { model: test.model, grammar: { jsonSchema } });
      expect(JSON.parse(text)).toEqual({ sure: expect.any(Boolean), mood: expect.stringMatching(/^(good|bad)$/) });
    });

    it('turns texts into vectors', async () => {
      const [first, second, same] = await test.engine.embed(test.model, ['one text', 'another', 'one text']);
      expect(first!.length).toBeGreaterThan(1);
      expect(same).toEqual(first);
      expect(second).not.toEqual(first);
    });

    it('takes adapters of its model, or says that it takes none', async () => {
      const adapters = [{ adapter: test.wrongAdapter ?? 'any', scale: 1 }];
      const code = test.engine.takesAdapters ? 'explore.adapter-wrong-base' : 'inference.adapters-not-supported';
      const work = collect(test.engine, { model: test.model, adapters });
      await expect(work).rejects.toMatchObject({ kind: 'invalid', code });
      expect((await collect(test.engine, { model: test.model, adapters: [] })).text).toBe(sentence);
    });

    it('lists the model', async () => {
      expect((await test.engine.models()).map(({ id }) => id)).toContain(test.model);
    });
  });
}
