import { describe, expect, it } from 'vitest';
import { addSample, speedOf, type Sample } from './speed.js';

const after = (...samples: [at: number, bytes: number][]) =>
  samples.reduce<Sample[]>((list, [at, bytes]) => addSample(list, { at, bytes }), []);

describe('speedOf', () => {
  it('is bytes a second over the samples', () => {
    expect(speedOf(after([0, 0], [1000, 500], [2000, 2000]))).toBe(1000);
  });

  it('knows nothing before half a second', () => {
    expect(speedOf(after([0, 0], [400, 4000]))).toBeNull();
    expect(speedOf([])).toBeNull();
  });

  it('forgets what is older than five seconds', () => {
    expect(speedOf(after([0, 0], [10_000, 1000], [11_000, 3000]))).toBe(2000);
  });

  it('begins again when a download begins again', () => {
    expect(speedOf(after([0, 5000], [1000, 9000], [2000, 0], [3000, 700]))).toBe(700);
  });
});
