import type { ByteSource } from '@app/gguf';
import { blockSize, fromBlocks } from './blocks.js';
import { decodeFloats, floatBytes, type FloatType } from './floats.js';
import { limits } from './limits.js';
import type { LowRankUpdate } from './low-rank.js';
import {
  attentionModules,
  attentionShape,
  entryNames,
  readArchitecture,
  tensorPrefix,
  type AttentionModule,
  type MediaPipeBase,
} from './mediapipe-base.js';
import { problem, shown } from './problem.js';
import { readExactly } from './read-exactly.js';
import { readTfl3, type Tfl3File } from './tfl3-reader.js';
import { tfl3Types } from './tfl3-writer.js';
import { sideNames, sides } from './to-mediapipe.js';

/** A LoRA file for MediaPipe. */
export interface MediaPipeAdapter {
  /** The engine must be created with this rank among its `loraRanks`. */
  rank: number;
  /** Architecture of the model that it is for. */
  base: MediaPipeBase;
  /** By the name of the base tensor that is changed, without its `.w`. The scale is in B. */
  updates: ReadonlyMap<string, LowRankUpdate>;
}

type Tensor = Tfl3File['tensors'] extends ReadonlyMap<string, infer T> ? T : never;

/**
 * Reads and checks a LoRA file, with the checks that the engine answers by crashing or by thousands of GPU errors.
 * Throws `explore.adapter-…` errors.
 */
export async function readMediaPipeAdapter(source: ByteSource): Promise<MediaPipeAdapter> {
  const file = await readTfl3(source);
  const rank = file.entries.get(entryNames.rank);
  if (rank === undefined) throw problem('not-an-adapter', 'The file is a model of MediaPipe, but no LoRA adapter.');
  if (rank < blockSize || rank > limits.rank || rank % blockSize)
    throw problem('rank-mismatch', 'The rank of the adapter is not a multiple of four.', { rank });
  const base = await readArchitecture(source, file);
  const updates = new Map<string, LowRankUpdate>();
  for (let layer = 0; layer < base.layers; layer++)
    for (const module of attentionModules)
      updates.set(tensorPrefix(layer, module), readUpdate(source, file, base, rank, layer, module));
  const [unknown] = [...file.tensors.keys()].filter(
    (name) => !updates.has(name.replace(/\.w_prime_(?:left|right)$/, '')),
  );
  if (unknown !== undefined)
    throw problem('tensor-unexpected', 'The adapter holds a tensor that is not supported.', { tensor: shown(unknown) });
  return { rank, base, updates };
}

/** Refuses an adapter of another model before the engine sees it. Throws `explore.adapter-wrong-base`. */
export function checkMediaPipeAdapterFits(adapter: MediaPipeAdapter, base: MediaPipeBase): void {
  for (const key of ['modelType', 'layers', 'width', 'headWidth', 'heads', 'keyValueHeads'] as const)
    if (adapter.base[key] !== base[key])
      throw problem('wrong-base', 'The adapter was made for another model.', {
        [key]: base[key],
        adapter: adapter.base[key],
      });
}

function readUpdate(
  source: ByteSource,
  { tensors }: Tfl3File,
  base: MediaPipeBase,
  rank: number,
  layer: number,
  module: AttentionModule,
): LowRankUpdate {
  const prefix = tensorPrefix(layer, module);
  const { rows, columns } = attentionShape(base, module);
  const [left, right] = sideNames.map((side) => tensors.get(`${prefix}.${side}`));
  if (!left || !right) throw problem('missing-tensor', 'Half of a pair of matrices is missing.', { module: prefix });
  const [a, b] = sides(module, left, right); // its own inverse
  const readA = reader(source, prefix, a, rank, columns);
  const readB = reader(source, prefix, b, rows, rank);
  return { rows, columns, rank, scale: 1, read: async () => ({ a: await readA(), b: await readB() }) };
}

function reader(source: ByteSource, name: string, tensor: Tensor, rows: number, columns: number) {
  const type = (Object.keys(floatBytes) as FloatType[]).find(
    (known) => known !== 'BF16' && tfl3Types[known] === tensor.type,
  );
  if (!type)
    throw problem('dtype-unsupported', 'The adapter holds numbers of a type that is not supported.', { module: name });
  if (rows * columns > limits.matrixValues)
    throw problem('too-large', 'A matrix of the adapter is too large.', { module: name });
  if (tensor.bytes !== rows * columns * floatBytes[type])
    throw problem('bad-shape', 'The shapes of a pair of matrices do not fit.', { module: name });
  return async () =>
    fromBlocks(decodeFloats(await readExactly(source, tensor.offset, tensor.bytes), type), rows, columns);
}
