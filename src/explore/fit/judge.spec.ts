import type { MemoryFacts } from '@app/gguf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, type Machine } from './judge.js';

const GIB = 2 ** 30;
const facts: MemoryFacts = {
  tensorBytes: 2 * GIB,
  cacheBytesPerToken: 32_768,
  vocabularySize: 32_000,
  embeddingLength: 4096,
  contextLength: 32_768,
};
const machine: Machine = {
  memoryTotalBytes: 16 * GIB,
  memoryFreeBytes: 12 * GIB,
  memoryBudgetBytes: 11 * GIB,
  parallel: 4,
  contextTokens: 8192,
};
const disk = { needBytes: 2 * GIB, freeBytes: 100 * GIB };
const judged = (change: Partial<Machine>, changedFacts: Partial<MemoryFacts> = {}) =>
  judge({ sizeBytes: 2 * GIB, facts: { ...facts, ...changedFacts }, exact: true }, { ...machine, ...change }, disk);

describe('whether a model fits', () => {
  it('counts weights, the caches of all sequences and working space', () => {
    const { verdict, needBytes, haveBytes, contextLength, parts } = judged({});
    expect({ verdict, haveBytes, contextLength }).toEqual({
      verdict: 'fits',
      haveBytes: 11 * GIB,
      contextLength: 8192,
    });
    expect(needBytes).toBe(parts.weightsBytes + parts.kvBytesPerToken! * 8192 * parts.sequences! + parts.computeBytes!);
  });

  it.each([
    ['with less context than is set', { memoryBudgetBytes: 2.5 * GIB }, 'tight', 'with more'],
    ['when nearly all would be used', { memoryBudgetBytes: 3.2 * GIB }, 'tight', 'nearly all'],
    ['when less is free now', { memoryFreeBytes: GIB }, 'tight', 'free now'],
    ['when not even 512 tokens are left', { memoryBudgetBytes: 2 * GIB }, 'too-large', 'at least'],
    ['on a machine smaller than its budget', { memoryTotalBytes: GIB }, 'too-large', 'may use 1.0 GiB'],
  ])('is told %s', (_, change, verdict, words) => {
    expect(judged(change)).toMatchObject({ verdict, explains: expect.stringContaining(words) as string });
  });

  it('minds the disk', () => {
    const full = { needBytes: 2 * GIB, freeBytes: GIB };
    const { verdict, explains } = judge({ sizeBytes: 2 * GIB, facts, exact: true }, machine, full);
    expect({ verdict, explains }).toEqual({
      verdict: 'too-large',
      explains: 'It needs 2.0 GiB on the disk, where 1.0 GiB are free.',
    });
  });

  it('is unknown without a header, unless the weights alone are too much', () => {
    const without = { facts: null, exact: false, why: 'The hub is away.' };
    expect(judge({ sizeBytes: GIB, ...without }, machine, disk)).toMatchObject({
      ...{ verdict: 'unknown', needBytes: null, explains: 'The hub is away.' },
      parts: { weightsBytes: GIB, kvBytesPerToken: null },
    });
    expect(judge({ sizeBytes: 12 * GIB, ...without }, machine, disk)).toMatchObject({ verdict: 'too-large' });
  });

  it('is unknown, with what it needs, when nobody says what the machine has', () => {
    expect(judge({ sizeBytes: GIB, facts, exact: true }, null, disk)).toMatchObject({
      ...{ verdict: 'unknown', haveBytes: null, needBytes: expect.any(Number) as number, contextLength: 32_768 },
    });
  });
});

describe('any numbers', () => {
  const numbers = fc.record({
    tensorBytes: fc.nat(2 ** 42),
    cacheBytesPerToken: fc.nat(2 ** 24),
    vocabularySize: fc.integer({ min: 1, max: 2 ** 20 }),
    embeddingLength: fc.integer({ min: 1, max: 2 ** 20 }),
    contextLength: fc.integer({ min: 1, max: 2 ** 28 }),
  });
  const machines = fc.record({
    memoryTotalBytes: fc.nat(2 ** 44),
    memoryFreeBytes: fc.nat(2 ** 44),
    memoryBudgetBytes: fc.nat(2 ** 44),
    parallel: fc.integer({ min: 1, max: 256 }),
    contextTokens: fc.integer({ min: 128, max: 2 ** 20 }),
  });
  const order = ['fits', 'tight', 'too-large'];

  it('give no negative or fractional bytes, no more context than is trained for or set, and nothing that is too much', () => {
    fc.assert(
      fc.property(numbers, machines, (some, there) => {
        const fit = judge({ sizeBytes: some.tensorBytes, facts: some, exact: true }, there, disk);
        for (const bytes of [fit.needBytes!, fit.parts.weightsBytes, fit.parts.computeBytes!, fit.contextLength!]) {
          expect(bytes).toBeGreaterThanOrEqual(0);
          expect(Number.isInteger(bytes)).toBe(true);
        }
        expect(fit.contextLength).toBeLessThanOrEqual(Math.min(some.contextLength, there.contextTokens));
        if (fit.verdict === 'too-large') expect(fit.needBytes).toBeGreaterThan(fit.haveBytes!);
        else expect(fit.needBytes).toBeLessThanOrEqual(fit.haveBytes!);
      }),
    );
  });

  it('never look better with more context, and never worse with more memory', () => {
    fc.assert(
      fc.property(numbers, machines, fc.nat(2 ** 20), fc.nat(2 ** 40), (some, there, tokens, bytes) => {
        const at = (change: Partial<Machine>) =>
          judge({ sizeBytes: some.tensorBytes, facts: some, exact: true }, { ...there, ...change }, disk);
        const fit = at({});
        const longer = at({ contextTokens: there.contextTokens + tokens });
        expect(order.indexOf(longer.verdict)).toBeGreaterThanOrEqual(order.indexOf(fit.verdict));
        expect(longer.needBytes).toBeGreaterThanOrEqual(fit.needBytes!);
        const more = at({
          memoryTotalBytes: there.memoryTotalBytes + bytes,
          memoryFreeBytes: there.memoryFreeBytes + bytes,
          memoryBudgetBytes: there.memoryBudgetBytes + bytes,
        });
        expect(more.contextLength).toBeGreaterThanOrEqual(fit.verdict === 'too-large' ? 0 : fit.contextLength!);
        if (fit.verdict !== 'too-large') expect(more.verdict).not.toBe('too-large');
      }),
    );
  });
});
