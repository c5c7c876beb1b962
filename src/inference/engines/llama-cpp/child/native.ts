import {
  LlamaGrammarEvaluationState,
  type LlamaContext,
  type LlamaGrammar,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';
import type { Sampler } from '../../../domain/engine.js';

// What node-llama-cpp keeps to itself of its binding to llama.cpp, as version 3.21.1 has it (`dist/bindings/AddonTypes.d.ts`).
// See ADR 19.

/** llama.cpp's context: the memory of some sequences, and one batch at a time. Asynchronous parts run on libuv's threads. */
export interface NativeContext {
  /** @param size tokens of the next batch */
  initBatch(size: number): void;
  /**
   * @param at position of the first token in the sequence
   * @param sampled which of the tokens will be sampled from, by index
   * @returns where their logits will be
   */
  addToBatch(sequence: number, at: number, tokens: Uint32Array, sampled: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  /** @returns -1 if nothing could be sampled */
  sampleToken(logits: number, sampler: NativeSampler): Promise<number>;
  /** Forgets the tokens from `start` up to before `end`; false if this kind of model cannot. */
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  /** Forgets all tokens. */
  disposeSequence(sequence: number): void;
}

interface NativeSampler {
  applyConfig(config: object): void;
  dispose(): void;
}

interface Bindings {
  AddonSampler: new (model: object) => NativeSampler;
}

export const nativeContext = (context: LlamaContext): NativeContext => internal(context, '_ctx') as NativeContext;

/** Draws the next tokens of one answer. */
export class TokenSampler {
  readonly #native: NativeSampler;

  constructor(model: LlamaModel, { temperature, topP, topK, minP, seed }: Sampler, grammar: LlamaGrammar | undefined) {
    const { AddonSampler } = internal(model.llama, '_bindings') as Bindings;
    this.#native = new AddonSampler(internal(model, '_model'));
    const state = grammar && new LlamaGrammarEvaluationState({ model, grammar });
    this.#native.applyConfig({
      temperature,
      topP,
      topK,
      minP,
      seed: Math.max(0, Math.floor(seed)),
      ...(state && { grammarEvaluationState: internal(state, '_state') }),
    });
  }

  /** @param logits where `addToBatch` said they would be, after the batch was decoded */
  async sample(context: NativeContext, logits: number): Promise<Token> {
    const token = await context.sampleToken(logits, this.#native);
    if (token === -1) throw new Error('no token could be sampled');
    return token as Token;
  }

  /** Not while it samples. */
  dispose(): void {
    this.#native.dispose();
  }
}

function internal(owner: object, name: string): object {
  const found = (owner as Record<string, unknown>)[name];
  if (typeof found !== 'object' || found === null) throw new Error(`node-llama-cpp has no ${name} any more`);
  return found;
}
