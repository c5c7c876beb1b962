import type { GgufInfo } from './gguf.js';

/** What of a header counts for the memory that its model takes. */
export type MemoryFacts = Pick<
  GgufInfo,
  'tensorBytes' | 'cacheBytesPerToken' | 'vocabularySize' | 'embeddingLength' | 'contextLength'
>;

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
/** Less context than this is no use for a conversation. */
const leastContextTokens = 512;

/** What a loaded model will occupy, to choose what fits; within some tens of MiB of the truth. */
export function estimateMemory(info: MemoryFacts, sequences: number, contextTokens: number): MemoryUse {
  const cache = info.cacheBytesPerToken * sequences * contextTokens;
  const compute = batchTokens * (info.vocabularySize + 8 * info.embeddingLength) * 4;
  return { weights: info.tensorBytes, cache, compute, total: info.tensorBytes + cache + compute };
}

export interface Budget {
  /** Answers at the same time. */
  sequences: number;
  /** The most tokens of prompt and answer; a model trained for fewer gets fewer. */
  contextTokens: number;
  /** Bytes for the model. */
  memoryBytes: number;
}

export interface PlannedContext {
  /** Whether the model can be loaded with any context that is of use. */
  fits: boolean;
  /** Tokens of one sequence: the largest that fit; when none do, the fewest that would be of use. */
  contextTokens: number;
  /** What the budget and the model would allow with memory enough. */
  wantedTokens: number;
  memory: MemoryUse;
}

/** The largest context within the budget and the model's own limit. */
export function planContext(info: MemoryFacts, budget: Budget): PlannedContext {
  const { sequences, memoryBytes } = budget;
  const wantedTokens = Math.min(budget.contextTokens, info.contextLength);
  const rest = memoryBytes - estimateMemory(info, sequences, 0).total;
  const perToken = info.cacheBytesPerToken * sequences;
  const affordable = perToken > 0 ? Math.floor(rest / perToken) : rest < 0 ? -1 : wantedTokens;
  const least = Math.min(leastContextTokens, wantedTokens);
  const fits = affordable >= least;
  const contextTokens = fits ? Math.min(wantedTokens, affordable) : least;
  return { fits, contextTokens, wantedTokens, memory: estimateMemory(info, sequences, contextTokens) };
}
