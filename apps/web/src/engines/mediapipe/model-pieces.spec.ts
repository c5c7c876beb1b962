import { describe, expect, it } from 'vitest';
import { modelPieces } from './model-pieces.js';

const bytes = Uint8Array.from({ length: 100_001 }, (_, at) => at % 251);

describe('the pieces of a model', () => {
  it('are the whole file, many, each at the beginning of its buffer, with the progress told', async () => {
    const progress: number[] = [];
    const reader = modelPieces(new Blob([bytes]), (now) => progress.push(now));
    const pieces: Uint8Array[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect(pieces.length).toBeGreaterThan(16);
    expect(pieces.filter(({ byteOffset }) => byteOffset !== 0)).toEqual([]);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  });

  it('end together with the last one: whoever waits for more is told at once', async () => {
    const reader = modelPieces(new Blob([bytes]), () => undefined);
    let read = 0;
    while (read < bytes.length) read += (await reader.read()).value!.length;
    const late = new Promise((resolve) => setImmediate(() => resolve('late')));
    expect(await Promise.race([reader.closed.then(() => 'closed'), late])).toBe('closed');
  });

  it('are none of an empty file', async () => {
    expect(await modelPieces(new Blob([]), () => undefined).read()).toEqual({ done: true, value: undefined });
  });
});
