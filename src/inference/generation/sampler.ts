import { randomInt } from 'node:crypto';
import type { Sampler, SamplerInput } from '../contracts/index.js';

/** Every value set, the seed included, so that the answer can be reproduced. */
export function completeSampler(
  input: SamplerInput,
  { temperature, maxTokens: mostTokens }: { temperature: number; maxTokens: number },
): Sampler {
  return {
    temperature: input.temperature ?? temperature,
    topP: input.topP ?? 0.95,
    topK: input.topK ?? 40,
    minP: input.minP ?? 0.05,
    seed: input.seed ?? randomInt(0x7fffffff),
    maxTokens: Math.min(input.maxTokens ?? mostTokens, mostTokens),
  };
}
