import type { MemoryFacts } from '@app/gguf';

/** What a catalogue tells of a model whose header nobody has read. */
export interface Described {
  parameters: number | null;
  quantization: string | null;
  contextLength: number | null;
  sizeBytes: number | null;
}

/** What most people take, where a repository has several. */
export const USUAL_QUANTIZATION = 'Q4_K_M';
/** Where nobody says it; what is usual, and more than the engine gives a conversation by itself. */
const USUAL_CONTEXT = 8192;
/** Words of the smallest models, and of all others. */
const VOCABULARIES = { below: 0.3, small: 50_000, usual: 128_000 };

/**
 * What the header of such a model would say: for known ones from 135 million to 70 billion weights the memory comes out between
 * 0.7 and 1.6 of what it is, for mixtures of experts too high. Weights from the size of the file, else from their count; the cache from the count, as it grows with the models of the last years (grouped
 * attention; 23 KiB a token at 135 million weights, 128 KiB at 8 billion, 320 KiB at 70 billion). null: nothing to go by.
 */
export function estimatedFacts({ parameters, quantization, contextLength, sizeBytes }: Described): MemoryFacts | null {
  const bits = bitsPerWeight(quantization ?? USUAL_QUANTIZATION);
  const weights = parameters ?? (sizeBytes === null ? null : (sizeBytes * 8) / bits);
  if (weights === null || weights <= 0) return null;
  const billions = weights / 1e9;
  return {
    tensorBytes: sizeBytes ?? Math.ceil((weights * bits) / 8),
    cacheBytesPerToken: Math.ceil(64 * 1024 * billions ** 0.37),
    vocabularySize: billions < VOCABULARIES.below ? VOCABULARIES.small : VOCABULARIES.usual,
    embeddingLength: Math.ceil(1600 * billions ** 0.4),
    contextLength: contextLength ?? USUAL_CONTEXT,
  };
}

/** Of a quantization by its name; a little more than it says, as scales and some tensors are stored wider. */
function bitsPerWeight(quantization: string): number {
  const bits = Number(/\d+/.exec(quantization)?.[0] ?? 8);
  return bits >= 16 ? bits : bits === 8 ? 8.5 : bits + 0.85;
}
