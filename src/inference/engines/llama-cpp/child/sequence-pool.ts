import type { Token } from 'node-llama-cpp';
import type { Batches, Sequence } from './batches.js';
import { sharedLength } from './shared-length.js';

/**
 * A shorter shared beginning is evaluated again: it saves little, and a prompt that shares only the first words of its
 * template with another keeps the evaluation order of a fresh one, on which exact continuation depends.
 */
const minReusedTokens = 32;

interface Slot {
  sequence: Sequence;
  busy: boolean;
  /** Turn of its last use, to forget the oldest first. */
  used: number;
}

export interface SequenceLease {
  sequence: Sequence;
  /** Tokens at the start of the wanted ones that need no evaluation. */
  cachedTokens: number;
  release(): void;
}

/** The sequences of a context, each remembering the last conversation it has seen. */
export class SequencePool {
  readonly #slots: Slot[];
  readonly #batches: Batches;
  readonly #forgetsLast: boolean;
  #turn = 0;

  /** @param forgetsLast the model can forget its last tokens alone: one with a sliding window or a recurrent state cannot */
  constructor(batches: Batches, count: number, forgetsLast: boolean) {
    this.#batches = batches;
    this.#forgetsLast = forgetsLast;
    this.#slots = Array.from({ length: count }, (_, id) => ({ sequence: { id, tokens: [] }, busy: false, used: 0 }));
  }

  /**
   * A free sequence, the one with the longest shared beginning of at least `minShared` tokens if there is one; else one
   * that keeps nothing, or the first `head` tokens if it has them: those are always evaluated by themselves, so keeping
   * them changes no sum. At least one of the wanted tokens is left to evaluate.
   */
  async acquire(wanted: readonly Token[], minShared: number, head: number): Promise<SequenceLease> {
    const free = this.#slots.filter(({ busy }) => !busy);
    const candidates = free.map((slot) => ({ slot, shared: this.#shared(slot.sequence, wanted) }));
    const best = candidates.reduce((a, b) => (b.shared > a.shared ? b : a), candidates[0]!);
    const reuse = best.shared >= Math.max(minReusedTokens, minShared);
    const slot = reuse ? best.slot : free.reduce((a, b) => (b.used < a.used ? b : a));
    slot.busy = true;
    slot.used = ++this.#turn;
    const { sequence } = slot;
    const kept = reuse ? best.shared : this.#shared(sequence, wanted) >= head ? head : 0;
    try {
      await this.#keep(sequence, Math.min(kept, wanted.length - 1));
    } catch (error) {
      slot.busy = false;
      throw error;
    }
    return { sequence, cachedTokens: sequence.tokens.length, release: () => (slot.busy = false) };
  }

  #shared({ tokens }: Sequence, wanted: readonly Token[]): number {
    const shared = sharedLength(tokens, wanted);
    return !this.#forgetsLast && (shared < tokens.length || shared === wanted.length) ? 0 : shared;
  }

  /** Forgets what comes after the first tokens, or all if llama.cpp cannot forget a part. */
  #keep({ id, tokens }: Sequence, count: number): Promise<void> {
    return this.#batches.between((native) => {
      if (count === tokens.length) return;
      if (count > 0 && native.removeTokenCellsFromSequence(id, count, tokens.length)) {
        tokens.length = count;
      } else {
        native.disposeSequence(id);
        tokens.length = 0;
      }
    });
  }
}
