import type { LlamaContext, LlamaContextSequence, Token } from 'node-llama-cpp';
import { sharedLength } from './shared-length.js';

/**
 * A shorter shared beginning is evaluated again: it saves little, and a prompt that shares only the first words of its
 * template with another keeps the evaluation order of a fresh one, on which exact continuation depends.
 */
const minReusedTokens = 32;

interface Slot {
  sequence: LlamaContextSequence;
  busy: boolean;
  /** Turn of its last use, to forget the oldest first. */
  used: number;
}

export interface SequenceLease {
  sequence: LlamaContextSequence;
  /** Tokens at the start of the wanted ones that need no evaluation. */
  cachedTokens: number;
  release(): void;
}

/** The sequences of a context, each remembering the last conversation it has seen. */
export class SequencePool {
  readonly #slots: Slot[];
  #turn = 0;

  constructor(context: LlamaContext) {
    this.#slots = Array.from({ length: context.totalSequences }, () => ({
      sequence: context.getSequence(),
      busy: false,
      used: 0,
    }));
  }

  /**
   * A free sequence, the one with the longest shared beginning of at least `minShared` tokens if there is one; else one
   * that keeps nothing, or the first `head` tokens if it has them: those are always evaluated by themselves, so keeping
   * them changes no sum. At least one of the wanted tokens is left to evaluate.
   */
  async acquire(wanted: readonly Token[], minShared: number, head: number): Promise<SequenceLease> {
    const free = this.#slots.filter(({ busy }) => !busy);
    const candidates = free.map((slot) => ({ slot, shared: sharedTokens(slot.sequence, wanted) }));
    const best = candidates.reduce((a, b) => (b.shared > a.shared ? b : a), candidates[0]!);
    const reuse = best.shared >= Math.max(minReusedTokens, minShared);
    const slot = reuse ? best.slot : free.reduce((a, b) => (b.used < a.used ? b : a));
    slot.busy = true;
    slot.used = ++this.#turn;
    const { sequence } = slot;
    const kept = reuse ? best.shared : sharedTokens(sequence, wanted) >= head ? head : 0;
    const cachedTokens = Math.min(kept, wanted.length - 1);
    try {
      await sequence.eraseContextTokenRanges([{ start: cachedTokens, end: sequence.nextTokenIndex }]);
    } catch (error) {
      slot.busy = false;
      throw error;
    }
    return { sequence, cachedTokens, release: () => (slot.busy = false) };
  }
}

function sharedTokens(sequence: LlamaContextSequence, wanted: readonly Token[]): number {
  const has = sequence.contextTokens;
  const shared = sharedLength(has, wanted);
  // Models with a sliding window or a recurrent state cannot forget their last tokens alone.
  return sequence.needsCheckpoints && (shared < has.length || shared === wanted.length) ? 0 : shared;
}
