import { estimateMemory, type MemoryFacts } from '@app/gguf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimatedFacts } from './estimated-facts.js';

/** Layers, heads of keys and values, and their length, as the configurations of these models give them. */
const cache = (layers: number, heads: number, length: number) => layers * heads * length * 2 * 2;

describe('the memory of a model whose header nobody has read', () => {
  it.each<[string, number, string, number, Omit<MemoryFacts, 'contextLength'>]>([
    ['SmolLM2 135M', 134_515_008, 'Q4_1', 98_362_432, facts(98e6, cache(30, 3, 64), 49_152, 576)],
    ['Qwen3 0.6B', 596_049_920, 'Q4_K_M', 396_705_472, facts(391e6, cache(28, 8, 128), 151_936, 1024)],
    ['Qwen3 4B', 4_022_468_096, 'Q4_K_M', 2_497_280_256, facts(2.49e9, cache(36, 8, 128), 151_936, 2560)],
    ['Llama 3.1 8B', 8_030_261_248, 'Q4_K_M', 4_920_739_232, facts(4.91e9, cache(32, 8, 128), 128_256, 4096)],
    ['Llama 3.3 70B', 70_553_706_496, 'Q4_K_M', 42_520_398_432, facts(42.5e9, cache(80, 8, 128), 128_256, 8192)],
  ])('is near that of %s', (_, parameters, quantization, sizeBytes, real) => {
    const total = (some: Omit<MemoryFacts, 'contextLength'>) =>
      estimateMemory({ ...some, contextLength: 8192 }, 1, 4096).total;
    const known = { parameters, quantization, contextLength: 8192 };
    for (const size of [sizeBytes, null]) {
      const ratio = total(estimatedFacts({ ...known, sizeBytes: size })!) / total(real);
      expect(ratio).toBeGreaterThan(0.7);
      expect(ratio).toBeLessThan(1.6);
    }
  });

  it('goes by the size of the file alone, and by nothing at all', () => {
    const none = { parameters: null, quantization: null, contextLength: null, sizeBytes: null };
    expect(estimatedFacts({ ...none, sizeBytes: 5e9 })).toMatchObject({ tensorBytes: 5e9, contextLength: 8192 });
    expect(estimatedFacts(none)).toBeNull();
    expect(estimatedFacts({ ...none, parameters: 0 })).toBeNull();
  });

  it('grows with the weights and with the bits of each', () => {
    const count = fc.integer({ min: 1_000_000, max: 2 ** 42 });
    fc.assert(
      fc.property(count, count, fc.constantFrom('Q2_K', 'Q4_0', 'Q8_0', 'F16'), (a, b, quantization) => {
        const of = (parameters: number, as: string) =>
          estimateMemory(
            estimatedFacts({ parameters, quantization: as, contextLength: null, sizeBytes: null })!,
            1,
            512,
          ).total;
        expect(of(Math.max(a, b), quantization)).toBeGreaterThanOrEqual(of(Math.min(a, b), quantization));
        expect(of(a, 'F32')).toBeGreaterThan(of(a, quantization));
      }),
    );
  });
});

function facts(tensorBytes: number, cacheBytesPerToken: number, vocabularySize: number, embeddingLength: number) {
  return { tensorBytes, cacheBytesPerToken, vocabularySize, embeddingLength };
}
