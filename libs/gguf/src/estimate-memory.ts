import type { GgufInfo } from './gguf.js';

export interface MemoryUse {
  /** Bytes of the weights. */
  weights: number;
  /** Bytes of the key-value caches of all sequences. */
  cache: number;
  /** Working space of one batch, roughly. */
  compute: number;
  total: number;
}

const batchTokens = 512;

/** What a loaded model will occupy, to choose what fits; within some tens of MiB of the truth. */
export function estimateMemory(info: GgufInfo, sequences: number, contextTokens: number): MemoryUse {
  const cache = info.cacheBytesPerToken * sequences * contextTokens;
  const compute = batchTokens * (info.vocabularySize + 8 * info.embeddingLength) * 4;
  return { weights: info.tensorBytes, cache, compute, total: info.tensorBytes + cache + compute };
}
