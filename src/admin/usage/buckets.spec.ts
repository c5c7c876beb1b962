import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABOVE, BOUNDS, boundOf, percentile } from './buckets.js';

describe('the latency histogram', () => {
  it('puts a time into the bucket whose bound is next above it', () => {
    expect([0, 49.9, 50, 999, 60_000].map(boundOf)).toEqual([50, 50, 100, 1_000, ABOVE]);
  });

  it('has no percentile without answers, and knows no more than its last bound', () => {
    expect(percentile([], 0.5)).toBeNull();
    expect(percentile([{ belowMs: ABOVE, answers: 3 }], 0.5)).toBe(60_000);
  });

  it('gives a percentile in the bucket of the true one', () => {
    const times = fc.array(fc.integer({ min: 0, max: 59_999 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(times, fc.constantFrom(0.5, 0.9, 0.99), (ms, share) => {
        const buckets = [...Map.groupBy(ms, boundOf)].map(([belowMs, of]) => ({ belowMs, answers: of.length }));
        const exact = ms.toSorted((a, b) => a - b)[Math.ceil(share * ms.length) - 1]!;
        const bound = boundOf(exact);
        const lower = BOUNDS.findLast((candidate) => candidate < bound) ?? 0;
        const estimate = percentile(buckets, share)!;
        expect(estimate).toBeGreaterThanOrEqual(lower);
        expect(estimate).toBeLessThanOrEqual(bound);
      }),
    );
  });
});
