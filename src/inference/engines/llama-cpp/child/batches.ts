import type { Token } from 'node-llama-cpp';
import type { NativeContext, TokenSampler } from './native.js';

/** One of the conversations that a context remembers at a time. */
export interface Sequence {
  readonly id: number;
  /** What llama.cpp remembers of it. */
  readonly tokens: Token[];
}

/** One evaluation: tokens that follow those of the sequence, and what draws the one after them, if it is wanted. */
export interface Step {
  sequence: Sequence;
  tokens: readonly Token[];
  sampler: TokenSampler | null;
}

interface Asked extends Step {
  resolve(token: Token | undefined): void;
  reject(error: unknown): void;
}

const nothing = new Uint32Array(0);

/**
 * Evaluates the running sequences in step: none goes on before all of them have asked for their next evaluation, so that
 * one batch holds them all. Sequences that are apart pay for a pass over the weights each.
 */
export class Batches {
  readonly #native: NativeContext;
  readonly #onBatch: () => void;
  #members = 0;
  #asked: Asked[] = [];
  #decoding = false;
  #afterBatch: (() => void)[] = [];

  /** @param onBatch llama.cpp has finished one */
  constructor(native: NativeContext, onBatch: () => void) {
    this.#native = native;
    this.#onBatch = onBatch;
  }

  /**
   * A sequence that asks for one `step` after the other, until the returned function is called. In between it may wait
   * for nothing, because all the others wait for it.
   */
  enter(): () => void {
    this.#members++;
    return () => {
      this.#members--;
      this.#open();
    };
  }

  /** One evaluation of a sequence that has entered. @returns the token that was drawn, if there is a sampler */
  step(step: Step & { sampler: TokenSampler }): Promise<Token>;
  step(step: Step): Promise<Token | undefined>;
  step(step: Step): Promise<Token | undefined> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ ...step, resolve, reject });
      this.#open();
    });
  }

  /** For work on a sequence's memory, which llama.cpp must not read at the same time. */
  between<T>(work: (native: NativeContext) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(work(this.#native));
        } catch (error) {
          reject(error);
        }
      };
      if (this.#decoding) this.#afterBatch.push(run);
      else run();
    });
  }

  #open(): void {
    if (this.#asked.length === 0 || this.#asked.length < this.#members) return;
    const together = this.#asked;
    this.#asked = [];
    void this.#run(together);
  }

  async #run(together: Asked[]): Promise<void> {
    // Where llama.cpp sums a batch in parts, the single tokens are in the first.
    together.sort((a, b) => a.tokens.length - b.tokens.length);
    let logits: number[];
    try {
      logits = await this.#decode(together);
    } catch (error) {
      for (const { sequence, reject } of together) {
        // What it remembers of it now nobody knows.
        this.#native.disposeSequence(sequence.id);
        sequence.tokens.length = 0;
        reject(error);
      }
      return;
    }
    for (const [index, { sequence, tokens, sampler, resolve, reject }] of together.entries()) {
      sequence.tokens.push(...tokens);
      if (sampler) sampler.sample(this.#native, logits[index]!).then(resolve, reject);
      else resolve(undefined);
    }
  }

  /** @returns where the logits of each are, if it has a sampler */
  async #decode(together: Asked[]): Promise<number[]> {
    this.#decoding = true;
    try {
      this.#native.initBatch(together.reduce((size, { tokens }) => size + tokens.length, 0));
      const logits = together.map(({ sequence, tokens, sampler }) => {
        const sampled = sampler ? Uint32Array.of(tokens.length - 1) : nothing;
        return this.#native.addToBatch(sequence.id, sequence.tokens.length, Uint32Array.from(tokens), sampled)[0]!;
      });
      await this.#native.decodeBatch();
      this.#onBatch();
      return logits;
    } finally {
      this.#decoding = false;
      for (const run of this.#afterBatch.splice(0)) run();
    }
  }
}
