import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFloats, encodeFloats, fromHalf, toHalf } from './floats.js';

describe('16-bit floats', () => {
  it('come back as they went, all of them', () => {
    for (let half = 0; half < 2 ** 16; half++) {
      const value = fromHalf(half);
      if (Number.isNaN(value)) expect(Number.isNaN(fromHalf(toHalf(value)))).toBe(true);
      else expect(toHalf(value)).toBe(half);
    }
  });

  it('are the nearest there are', () => {
    fc.assert(
      fc.property(fc.float({ min: -65_504, max: 65_504, noNaN: true }), (value) => {
        const half = toHalf(value);
        const distance = Math.abs(fromHalf(half) - value);
        for (const other of [half - 1, half + 1])
          if ((other & 0x7fff) < 0x7c00 && other >= 0)
            expect(distance).toBeLessThanOrEqual(Math.abs(fromHalf(other) - value));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9],
    [2 ** -25, 0],
    [3 * 2 ** -25, 2 ** -23],
    [2 ** -14 - 2 ** -25, 2 ** -14],
    [65_519, 65_504],
  ])('round %d to %d, the even one on a tie', (value, rounded) => {
    expect(fromHalf(toHalf(Math.fround(value)))).toBe(rounded);
  });

  it('are refused for what is too large, as are infinities of any type', () => {
    const tooLarge = expect.objectContaining({ code: 'explore.adapter-out-of-range' }) as unknown;
    expect(() => encodeFloats(Float32Array.of(65_505), 'F16')).toThrow(tooLarge as Error);
    expect(() => encodeFloats(Float32Array.of(Infinity), 'F32')).toThrow(tooLarge as Error);
    expect(decodeFloats(encodeFloats(Float32Array.of(65_505, -1.5), 'F32'), 'F32')).toEqual(
      Float32Array.of(65_505, -1.5),
    );
  });
});
