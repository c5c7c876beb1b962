import type { Token } from 'node-llama-cpp';
import { describe, expect, it, vi } from 'vitest';
import { Batches, type Sequence } from './batches.js';
import type { NativeContext, TokenSampler } from './native.js';

/** Batches of a llama.cpp that decodes when `decoded` says so and draws, after each token, the next number. */
function engine() {
  const decoding: { sequence: number; at: number; tokens: number[]; sampled: number[] }[][] = [];
  let batch: (typeof decoding)[number] = [];
  let done: PromiseWithResolvers<void>;
  const native: NativeContext = {
    initBatch: () => void (batch = []),
    addToBatch(sequence, at, tokens, sampled) {
      batch.push({ sequence, at, tokens: [...tokens], sampled: [...sampled] });
      return Uint32Array.from(sampled, () => tokens.at(-1)!);
    },
    decodeBatch() {
      decoding.push(batch);
      done = Promise.withResolvers();
      return done.promise;
    },
    sampleToken: () => Promise.reject(new Error('asked for by the sampler alone')),
    removeTokenCellsFromSequence: () => true,
    disposeSequence: vi.fn(),
  };
  const onBatch = vi.fn();
  const batches = new Batches(native, onBatch);
  const sampler = {
    sample: (_: NativeContext, logits: number) => Promise.resolve(logits + 1),
  } as unknown as TokenSampler;
  const step = (sequence: Sequence, tokens: number[]) =>
    batches.step({ sequence, tokens: tokens as Token[], sampler }) as Promise<number>;
  return {
    batches,
    native,
    onBatch,
    step,
    /** What is being decoded, as `sequence@position:tokens`. */
    taken: async () => {
      await new Promise(setImmediate);
      return decoding
        .splice(0)
        .map((all) => all.map(({ sequence, at, tokens }) => `${sequence}@${at}:${tokens.join(',')}`).join(' '));
    },
    decoded: () => done.resolve(),
    failed: () => done.reject(new Error('decode failed')),
  };
}
const sequence = (id: number): Sequence => ({ id, tokens: [] });

describe('Batches', () => {
  it('lets nobody go on before all have asked', async () => {
    const { batches, step, taken, decoded } = engine();
    const [a, b] = [sequence(0), sequence(1)];
    batches.enter();
    batches.enter();
    const drawn = [step(a, [10])];
    expect(await taken()).toEqual([]);
    drawn.push(step(b, [20]));
    expect(await taken()).toEqual(['0@0:10 1@0:20']);
    decoded();
    expect(await Promise.all(drawn)).toEqual([11, 21]);
  });

  it('goes on where each sequence stands, a chunk of a prompt last', async () => {
    const { batches, step, taken, decoded, onBatch } = engine();
    const [a, b] = [sequence(0), sequence(1)];
    const leave = batches.enter();
    void step(a, [1, 2, 3]);
    decoded();
    expect(await taken()).toEqual(['0@0:1,2,3']);
    batches.enter();
    void step(b, [7, 8]);
    expect(await taken()).toEqual([]);
    void step(a, [4]);
    decoded();
    expect(await taken()).toEqual(['0@3:4 1@0:7,8']);
    leave();
    void step(b, [9]);
    decoded();
    expect(await taken()).toEqual(['1@2:9']);
    expect([a.tokens, b.tokens, onBatch.mock.calls.length]).toEqual([[1, 2, 3, 4], [7, 8, 9], 3]);
  });

  it('does not wait for who has left', async () => {
    const { batches, step, taken } = engine();
    batches.enter();
    const leave = batches.enter();
    void step(sequence(0), [1]);
    leave();
    expect(await taken()).toEqual(['0@0:1']);
  });

  it('draws nothing where nobody wants it', async () => {
    const { batches, taken, decoded } = engine();
    batches.enter();
    const done = batches.step({ sequence: sequence(0), tokens: [5 as Token], sampler: null });
    expect(await taken()).toEqual(['0@0:5']);
    decoded();
    expect(await done).toBeUndefined();
  });

  it('fails all who were in a batch, and forgets what it may have left in their memory', async () => {
    const { batches, native, step, taken, decoded, failed } = engine();
    const a = sequence(3);
    batches.enter();
    void step(a, [1]);
    decoded();
    await taken();
    const second = step(a, [2]);
    await taken();
    failed();
    await expect(second).rejects.toThrow('decode failed');
    expect(native.disposeSequence).toHaveBeenCalledWith(3);
    expect(a.tokens).toEqual([]);
    const third = step(a, [1, 2]);
    expect(await taken()).toEqual(['3@0:1,2']);
    decoded();
    expect(await third).toBe(3);
  });

  it('lets nobody touch the memory while a batch reads it', async () => {
    const { batches, step, taken, decoded } = engine();
    expect(await batches.between(() => 'at once')).toBe('at once');
    batches.enter();
    void step(sequence(0), [1]);
    await taken();
    const work = vi.fn();
    const worked = batches.between(work);
    await taken();
    expect(work).not.toHaveBeenCalled();
    decoded();
    await worked;
    expect(work).toHaveBeenCalledOnce();
  });
});
