import type { ByteSource } from '@app/gguf';
import { limits } from './limits.js';
import { problem } from './problem.js';
import { readFields } from './proto-fields.js';
import { readExactly } from './read-exactly.js';
import { readTfl3, type Tfl3File } from './tfl3-reader.js';
import { webModelIn } from './web-model.js';

/** What an adapter for MediaPipe needs to know of its base. */
export interface MediaPipeBase {
  /** Number of the kind of model (odml.infra.LlmModelType). */
  modelType: number;
  layers: number;
  /** Length of a token's vector. */
  width: number;
  headWidth: number;
  heads: number;
  keyValueHeads: number;
  /** The parameters as they stand in the file (odml.infra.proto.LlmParameters): an adapter carries them, too. */
  parameters: Uint8Array;
}

export const entryNames = {
  parameters: 'odml.infra.proto.LlmParameters',
  modelType: 'odml.infra.LlmModelType',
  rank: 'lora_rank',
  backend: 'backend',
};
/** The attention matrices of a layer, the only ones that MediaPipe takes adapters for. */
export const attention = { q: 'q', k: 'k', v: 'v', o: 'post' } as const;
export type AttentionModule = keyof typeof attention;
export const attentionModules = Object.keys(attention) as AttentionModule[];
export const tensorPrefix = (layer: number, module: AttentionModule) =>
  `params.lm.transformer.x_layers_${layer}.self_attention.${attention[module]}`;

/** Model types whose adapters were tried in the engine or are named by its makers (Gemma, Gemma 2 and Gemma 3). */
const modelTypes = [6, 18, 27, 28, 38];
const maxParameterBytes = 64 * 1024;

/** Reads the head of a base model, `.bin` or `.litertlm`. Throws `explore.adapter-base-…` and other `explore.adapter-…` errors. */
export async function readMediaPipeBase(given: ByteSource): Promise<MediaPipeBase> {
  const source = await webModelIn(given);
  const file = await readTfl3(source);
  if (file.entries.has(entryNames.rank)) throw problem('base-invalid', 'The base of the adapter is itself an adapter.');
  const base = await readArchitecture(source, file);
  for (const module of attentionModules)
    if (!file.tensors.has(`${tensorPrefix(base.layers - 1, module)}.w`))
      throw problem('base-invalid', 'The base of the adapter lacks attention matrices.');
  return base;
}

/** The same of any file in the container, adapters included. */
export async function readArchitecture(source: ByteSource, { entries, buffers }: Tfl3File): Promise<MediaPipeBase> {
  const modelType = entries.get(entryNames.modelType);
  const place = buffers[entries.get(entryNames.parameters) ?? -1];
  if (!place || place.bytes > maxParameterBytes || modelType === undefined)
    throw problem('base-invalid', 'The file does not tell the architecture of its model.');
  if (!modelTypes.includes(modelType))
    throw problem('base-unsupported', 'Adapters for this kind of model cannot be converted.', { modelType });
  const parameters = await readExactly(source, place.offset, place.bytes);
  const transformer = readFields(parameters).get(1);
  if (!(transformer instanceof Uint8Array))
    throw problem('base-invalid', 'The file does not tell the architecture of its model.');
  const fields = readFields(transformer);
  const size = (field: number, max: number, fallback?: number): number => {
    const value = fields.get(field) ?? fallback;
    if (typeof value !== 'number' || value < 1 || value > max)
      throw problem('base-invalid', 'The architecture of the base holds an impossible number.', { field });
    return value;
  };
  const heads = size(6, 1024);
  return {
    modelType,
    layers: size(7, limits.layers),
    width: size(3, 2 ** 17),
    headWidth: size(5, 2 ** 14),
    heads,
    keyValueHeads: size(9, 1024, heads),
    parameters,
  };
}

export function attentionShape(base: MediaPipeBase, module: AttentionModule): { rows: number; columns: number } {
  const { width, headWidth } = base;
  if (module === 'o') return { rows: width, columns: base.heads * headWidth };
  return { rows: (module === 'q' ? base.heads : base.keyValueHeads) * headWidth, columns: width };
}
