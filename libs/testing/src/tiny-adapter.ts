import { encodeSafetensors } from './peft-writer.js';

export interface TinyAdapterOptions {
  /** Sizes of the base: those of the random tiny model unless told otherwise. */
  width?: number;
  layers?: number;
  rank?: number;
  /** Other numbers. */
  seed?: number;
  /** Modules that it changes. Default: all of attention. */
  modules?: ('q_proj' | 'k_proj' | 'v_proj' | 'o_proj')[];
}

/** A PEFT adapter for `writeTinyGguf({ kind: 'random' })`, strong enough to change every greedy answer. */
export function tinyAdapter(options: TinyAdapterOptions = {}): { config: string; weights: Buffer } {
  const { width = 128, layers = 2, rank = 4, seed = 1 } = options;
  const modules = options.modules ?? ['q_proj', 'k_proj', 'v_proj', 'o_proj'];
  let state = seed >>> 0;
  const numbers = (count: number) =>
    Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state / 2 ** 32 - 0.5) * 2;
    });
  const tensors = Array.from({ length: layers }, (_, layer) =>
    modules.flatMap((module) => {
      const path = `base_model.model.model.layers.${layer}.self_attn.${module}`;
      return [
        { name: `${path}.lora_A.weight`, shape: [rank, width], dtype: 'F32' as const, data: numbers(rank * width) },
        { name: `${path}.lora_B.weight`, shape: [width, rank], dtype: 'F32' as const, data: numbers(width * rank) },
      ];
    }),
  ).flat();
  const config = {
    peft_type: 'LORA',
    base_model_name_or_path: 'tests/tiny-random-llama',
    r: rank,
    lora_alpha: 2 * rank,
    target_modules: modules,
    bias: 'none',
    task_type: 'CAUSAL_LM',
  };
  return { config: JSON.stringify(config), weights: encodeSafetensors(tensors) };
}
