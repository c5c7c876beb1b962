import type { ByteSource } from '@app/gguf';
import { encodeGguf, encodeSafetensors, type GgufValue, type SafetensorsTensor } from '@app/testing';
import type { Factors, LayerModule, LowRankUpdate } from './low-rank.js';
import { encodeTfl3Head, paddingAfter, type Tfl3Tensor } from './tfl3-writer.js';

/** Bytes in memory; counts what is read, to see that no input makes a reader read without end. */
export class Bytes implements ByteSource {
  bytesRead = 0;

  constructor(
    private readonly bytes: Uint8Array,
    readonly size = bytes.length,
  ) {}

  async read(offset: number, length: number): Promise<Uint8Array> {
    const part = this.bytes.subarray(offset, offset + length);
    this.bytesRead += part.length;
    return part;
  }
}

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** Sizes of a made-up model. */
export interface Sizes {
  layers: number;
  width: number;
  headWidth: number;
  heads: number;
  keyValueHeads: number;
  hidden: number;
}

export const sizes: Sizes = { layers: 2, width: 16, headWidth: 8, heads: 2, keyValueHeads: 1, hidden: 24 };

/** [rows, columns] of each matrix of a layer. */
export const shapesOf = ({
  width,
  headWidth,
  heads,
  keyValueHeads,
  hidden,
}: Sizes): Record<LayerModule, [number, number]> => ({
  q: [heads * headWidth, width],
  k: [keyValueHeads * headWidth, width],
  v: [keyValueHeads * headWidth, width],
  o: [width, heads * headWidth],
  gate: [hidden, width],
  up: [hidden, width],
  down: [width, hidden],
});

export const peftNames: Record<LayerModule, string> = {
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
};
export const ggufNames: Record<LayerModule, string> = {
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  o: 'attn_output',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
};

/** A GGUF model of these sizes; its header is all that a conversion looks at. */
export function ggufBase(architecture: string, of: Sizes = sizes, more: Record<string, GgufValue> = {}): Buffer {
  const shapes = Object.entries(shapesOf(of)) as [LayerModule, [number, number]][];
  return encodeGguf(
    {
      'general.architecture': { string: architecture },
      [`${architecture}.block_count`]: { u32: of.layers },
      [`${architecture}.attention.head_count`]: { u32: of.heads },
      [`${architecture}.attention.head_count_kv`]: { u32: of.keyValueHeads },
      ...more,
    },
    Array.from({ length: of.layers }, (_, layer) =>
      shapes.map(([module, [rows, columns]]) => ({
        name: `blk.${layer}.${ggufNames[module]}.weight`,
        dimensions: [columns, rows],
        data: new Float32Array(rows * columns),
      })),
    ).flat(),
  );
}

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const number = (field: number, value: number) => Buffer.from([...varint(field * 8), ...varint(value)]);
const message = (field: number, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(body.length)]), body]);
};

/** odml.infra.proto.LlmParameters of these sizes. */
export const parametersOf = (of: Sizes): Buffer =>
  message(
    1,
    number(3, of.width),
    number(4, of.hidden),
    number(5, of.headWidth),
    number(6, of.heads),
    number(7, of.layers),
    number(9, of.keyValueHeads),
  );

/** A file in MediaPipe's container with zeros for weights. */
export function tfl3File(tensors: Tfl3Tensor[], entries: Parameters<typeof encodeTfl3Head>[1]): Buffer {
  const data = tensors.map(({ bytes }) => [new Uint8Array(bytes), paddingAfter(bytes)]).flat();
  return Buffer.concat([encodeTfl3Head(tensors, entries), ...data]);
}

export const attentionNames = { q: 'q', k: 'k', v: 'v', o: 'post' } as const;

export function mediaPipeBase(of: Sizes = sizes, modelType = 6): Buffer {
  const shapes = shapesOf(of);
  const tensors = Array.from({ length: of.layers }, (_, layer) =>
    (['q', 'k', 'v', 'o'] as const).map((module) => ({
      name: `params.lm.transformer.x_layers_${layer}.self_attention.${attentionNames[module]}.w`,
      shape: shapes[module],
      type: 'INT8' as const,
      bytes: shapes[module][0] * shapes[module][1],
    })),
  ).flat();
  return tfl3File(tensors, [
    { name: 'odml.infra.proto.LlmParameters', value: parametersOf(of) },
    { name: 'odml.infra.LlmModelType', value: modelType },
    { name: 'backend', value: Buffer.from('gpu') },
  ]);
}

export interface MadeUpdate {
  layer: number;
  module: LayerModule;
  rank: number;
  dtype: SafetensorsTensor['dtype'];
  a: Float32Array;
  b: Float32Array;
}

export function safetensorsOf(updates: readonly MadeUpdate[], of: Sizes = sizes): Buffer {
  return encodeSafetensors(tensorsOf(updates, of), { format: 'pt' });
}

export function tensorsOf(updates: readonly MadeUpdate[], of: Sizes = sizes): SafetensorsTensor[] {
  const shapes = shapesOf(of);
  return updates.flatMap(({ layer, module, rank, dtype, a, b }) => {
    const name = `base_model.model.model.layers.${layer}.${peftNames[module]}`;
    const [rows, columns] = shapes[module];
    return [
      { name: `${name}.lora_A.weight`, shape: [rank, columns], dtype, data: a },
      { name: `${name}.lora_B.weight`, shape: [rows, rank], dtype, data: b },
    ];
  });
}

export const configOf = (changes: Record<string, unknown> = {}): string =>
  JSON.stringify({
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: 'someone/some-model',
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    inference_mode: true,
    lora_alpha: 16,
    lora_dropout: 0.05,
    modules_to_save: null,
    r: 4,
    rank_pattern: {},
    alpha_pattern: {},
    target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
    use_dora: false,
    use_rslora: false,
    ...changes,
  });

/** Even numbers in [-1, 1) that are the same in each of the three types, from a seed. */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * 256 - 128) / 128;
  });
}

export function madeUpdate(
  layer: number,
  module: LayerModule,
  changes: Partial<MadeUpdate> = {},
  of: Sizes = sizes,
): MadeUpdate {
  const rank = changes.rank ?? 4;
  const [rows, columns] = shapesOf(of)[module];
  const seed = layer * 100 + rows + columns * 3 + rank;
  return {
    layer,
    module,
    rank,
    dtype: 'F32',
    a: numbers(rank * columns, seed),
    b: numbers(rows * rank, seed + 1),
    ...changes,
  };
}

/** scale · B · A, row by row. */
export function product({ a, b }: Factors, rows: number, columns: number, scale: number): Float64Array {
  const rank = a.length / columns;
  const delta = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let at = 0; at < rank; at++) sum += b[row * rank + at]! * a[at * columns + column]!;
      delta[row * columns + column] = sum * scale;
    }
  return delta;
}

export async function deltaOf(update: LowRankUpdate | undefined): Promise<Float64Array | null> {
  return update ? product(await update.read(), update.rows, update.columns, update.scale) : null;
}
