import { describe, expect, it } from 'vitest';
import { fitInBrowser, type BrowserMachine } from './browser-fit.js';
import type { ModelParts } from './views.js';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const laptop: BrowserMachine = {
  memoryBytes: 4 * GIB,
  storageFreeBytes: 20 * GIB,
  gpuBufferBytes: 2 * GIB,
  secure: true,
};
const small: ModelParts = {
  weightsBytes: 400 * MIB,
  kvBytesPerToken: 64 * 1024,
  computeBytes: 100 * MIB,
  modelContextLength: 32_768,
  exact: true,
};
const judge = (
  { encoding = 'gguf', size = 400 * MIB }: { encoding?: 'gguf' | 'mediapipe' | null; size?: number },
  parts: Partial<ModelParts> = {},
  machine: Partial<BrowserMachine> = {},
) => fitInBrowser(encoding, size, { ...small, ...parts }, { ...laptop, ...machine });

describe('whether a model fits this browser', () => {
  it('adds weights, the cache of the context that the engine takes, and working space', () => {
    expect(judge({})).toMatchObject({ verdict: 'fits', needBytes: (400 + 256 + 100) * MIB });
    expect(judge({ encoding: 'mediapipe' })).toMatchObject({ needBytes: (400 + 128 + 100) * MIB });
  });

  it('takes no more context than the model has', () => {
    expect(judge({}, { modelContextLength: 1024 }).needBytes).toBe((400 + 64 + 100) * MIB);
  });

  it('guesses where the header is not known, and says so', () => {
    const fit = judge({}, { kvBytesPerToken: null });
    expect(fit.needBytes).toBe(440 * MIB);
    expect(fit.explains).toContain('about 440 MiB');
    expect(judge({}, { exact: false }).explains).toContain('about 756 MiB');
  });

  it.each<[string, ReturnType<typeof judge>, RegExp]>([
    ['no engine reads it', judge({ encoding: null }), /No engine/],
    ['the page is not secure', judge({}, {}, { secure: false }), /HTTPS/],
    ['there is no WebGPU', judge({ encoding: 'mediapipe' }, {}, { gpuBufferBytes: null }), /WebGPU/],
    ['the file is too large for WebAssembly', judge({ size: 2 * GIB + 1 }), /2 GiB/],
    [
      'it is too large beside its cache',
      judge({}, { weightsBytes: 1.9 * GIB, computeBytes: 3 * GIB }),
      /4 GiB at most/,
    ],
    ['the storage is too small', judge({}, {}, { storageFreeBytes: 100 * MIB }), /grants 100 MiB/],
    ['the memory is too small', judge({}, {}, { memoryBytes: 0.5 * GIB }), /this machine has 512 MiB/],
  ])('says that it does not where %s', (_, fit, explains) => {
    expect(fit.verdict).toBe('too-large');
    expect(fit.explains).toMatch(explains);
  });

  it('is tight where little would be left', () => {
    expect(judge({}, {}, { memoryBytes: GIB }).verdict).toBe('tight');
    const gpu = judge({ encoding: 'mediapipe' }, {}, { gpuBufferBytes: 64 * MIB });
    expect(gpu).toMatchObject({ verdict: 'tight', explains: expect.stringContaining('at once') as string });
  });

  it('does not hold the memory that browsers tell at most for all there is', () => {
    const large = judge(
      { encoding: 'mediapipe', size: 9 * GIB },
      { weightsBytes: 9 * GIB },
      { memoryBytes: 8 * GIB, gpuBufferBytes: 4 * GIB },
    );
    expect(large).toMatchObject({ verdict: 'tight', explains: expect.stringContaining('8.0 GiB or more') as string });
  });

  it('does not know where the browser tells nothing', () => {
    expect(judge({}, {}, { memoryBytes: null })).toMatchObject({ verdict: 'unknown', needBytes: 756 * MIB });
  });
});
