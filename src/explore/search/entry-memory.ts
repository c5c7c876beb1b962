import { estimateMemory, type MemoryFacts } from '@app/gguf';
import { type Described, estimatedFacts } from '../fit/estimated-facts.js';

/** What counts for the memory of an entry; `exact`: from the header of its file. */
export type EntryMemory = MemoryFacts & { exact: boolean };

/** More than any machine has, and little enough to be multiplied in 64 bits. */
const MOST_BYTES = 2 ** 52;
const MOST_TOKEN_BYTES = 2 ** 32;
const MOST_TOKENS = 2 ** 31;

/** The columns of an entry that say what it needs; all are null of an adapter, and where nothing is known. */
export function entryMemory(entry: Described & { kind: 'model' | 'adapter' }, header: MemoryFacts | null) {
  const facts = entry.kind === 'model' ? (header ?? estimatedFacts(entry)) : null;
  if (!facts) return { memory: null, file_bytes: null, fixed_bytes: null, token_bytes: null, trained_tokens: null };
  return { file_bytes: whole(entry.sizeBytes ?? facts.tensorBytes, MOST_BYTES), ...memoryOf(facts, header !== null) };
}

export function memoryOf(facts: MemoryFacts, exact: boolean) {
  const { tensorBytes, cacheBytesPerToken, vocabularySize, embeddingLength, contextLength } = facts;
  const memory: EntryMemory = {
    tensorBytes,
    cacheBytesPerToken,
    vocabularySize,
    embeddingLength,
    contextLength,
    exact,
  };
  return {
    memory,
    fixed_bytes: whole(estimateMemory(facts, 1, 0).total, MOST_BYTES),
    token_bytes: whole(cacheBytesPerToken, MOST_TOKEN_BYTES),
    trained_tokens: whole(contextLength, MOST_TOKENS),
  };
}

const whole = (number: number, most: number) => Math.ceil(Math.min(number, most));
