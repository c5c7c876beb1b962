import { parseGgufHeader, type ByteSource } from '@app/gguf';
import { limits } from './limits.js';
import { problem } from './problem.js';

/** What an adapter for llama.cpp needs to know of its base; all of it stands in the header of the model. */
export interface GgufBase {
  architecture: string;
  layers: number;
  /** Attention heads, layer by layer. */
  heads: number[];
  keyValueHeads: number[];
  /** Two-dimensional weights by tensor name. */
  matrices: ReadonlyMap<string, { rows: number; columns: number }>;
}

/** Reads the header of a GGUF model. Throws `gguf.*` and `explore.adapter-base-…` errors. */
export async function readGgufBase(source: ByteSource): Promise<GgufBase> {
  const { metadata, tensors } = await parseGgufHeader(source);
  const architecture = metadata.get('general.architecture');
  const type = metadata.get('general.type') ?? 'model';
  if (typeof architecture !== 'string' || type !== 'model')
    throw problem('base-invalid', 'The base of the adapter is not a GGUF model.');
  const layers = metadata.get(`${architecture}.block_count`);
  if (!isCount(layers, limits.layers))
    throw problem('base-invalid', 'The base of the adapter does not tell its layers.');

  const perLayer = (key: string): number[] | null => {
    const value = metadata.get(`${architecture}.attention.${key}`);
    const counts = typeof value === 'object' ? value.numbers : Array.from({ length: layers }, () => value);
    return counts?.length === layers && counts.every((count) => isCount(count, 65_536)) ? (counts as number[]) : null;
  };
  const heads = perLayer('head_count');
  if (!heads) throw problem('base-invalid', 'The base of the adapter does not tell its attention heads.');
  const matrices = tensors
    .filter(({ dimensions }) => dimensions.length === 2)
    .map(({ name, dimensions: [columns = 0, rows = 0] }) => [name, { rows, columns }] as const);
  return {
    architecture,
    layers,
    heads,
    keyValueHeads: perLayer('head_count_kv') ?? heads,
    matrices: new Map(matrices),
  };
}

const isCount = (value: unknown, max: number): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max;
