import { parseGgufHeader, type ByteSource, type GgufHeader } from '@app/gguf';
import { decodeFloats, floatBytes, type FloatType } from './floats.js';
import type { GgufBase } from './gguf-base.js';
import { limits } from './limits.js';
import type { LowRankUpdate } from './low-rank.js';
import { problem, shown, wrongBase } from './problem.js';
import { readExactly } from './read-exactly.js';

/** A LoRA adapter for llama.cpp. */
export interface GgufAdapter {
  /** Of the model that it is for. */
  architecture: string;
  /** By the name of the base tensor that is changed. Rows of B stand in llama.cpp's order. */
  updates: ReadonlyMap<string, LowRankUpdate>;
}

type Tensor = GgufHeader['tensors'][number];
const types = ['F32', 'F16', 'BF16', 'Q8_0'];
const float32 = 6;

/**
 * Reads and checks the header of an adapter, with the checks that native code answers by ending its process.
 * Throws `gguf.*` and `explore.adapter-…` errors.
 */
export async function readGgufAdapter(source: ByteSource): Promise<GgufAdapter> {
  const { metadata, valueTypes, tensors, dataStart } = await parseGgufHeader(source);
  const architecture = metadata.get('general.architecture');
  if (metadata.get('general.type') !== 'adapter' || metadata.get('adapter.type') !== 'lora')
    throw problem('not-an-adapter', 'The file is a GGUF file, but no LoRA adapter.');
  if (typeof architecture !== 'string')
    throw problem('bad-header', 'The adapter does not say which kind of model it is for.');
  if ([...metadata.keys()].some((key) => key.startsWith('adapter.alora.')))
    throw problem('config-unsupported', 'Adapters that begin to work in the middle of a text are not supported.');
  const alphaType = valueTypes.get('adapter.lora.alpha');
  const alpha = metadata.get('adapter.lora.alpha') ?? 0;
  if ((alphaType !== undefined && alphaType !== float32) || typeof alpha !== 'number' || !Number.isFinite(alpha))
    throw problem('bad-header', 'The scale of the adapter is not a number.');

  const pairs = pair(tensors);
  if (pairs.size === 0) throw problem('empty', 'The adapter changes nothing.');
  const read = (tensor: Tensor) => readValues(source, tensor, dataStart);
  const updates = [...pairs].map(([name, { a, b }]): [string, LowRankUpdate] => {
    const [columns = 0, rank = 0] = a.dimensions;
    const [rankOfB, rows = 0] = b.dimensions;
    if (a.dimensions.length !== 2 || b.dimensions.length !== 2 || rank !== rankOfB || rank > limits.rank)
      throw problem('bad-shape', 'The shapes of a pair of matrices do not fit.', { module: name });
    if (rank * Math.max(rows, columns) > limits.matrixValues)
      throw problem('too-large', 'A matrix of the adapter is too large.', { module: name });
    // Without an alpha the engine takes B · A as it is.
    const scale = alpha === 0 ? 1 : alpha / rank;
    return [name, { rows, columns, rank, scale, read: async () => ({ a: await read(a), b: await read(b) }) }];
  });
  return { architecture, updates: new Map(updates) };
}

/** Refuses an adapter of another model before native code sees it. Throws `explore.adapter-wrong-base`. */
export function checkGgufAdapterFits(adapter: GgufAdapter, base: GgufBase): void {
  if (adapter.architecture !== base.architecture)
    throw problem('wrong-base', 'The adapter was made for another kind of model.', {
      architecture: base.architecture,
      adapterArchitecture: shown(adapter.architecture),
    });
  for (const [name, { rows, columns }] of adapter.updates) {
    const weight = base.matrices.get(name);
    if (weight?.rows !== rows || weight.columns !== columns) throw wrongBase(name, weight, { rows, columns });
  }
}

function pair(tensors: readonly Tensor[]): Map<string, { a: Tensor; b: Tensor }> {
  const halves = new Map<string, { a?: Tensor; b?: Tensor }>();
  for (const tensor of tensors) {
    const [, name = '', half] = /^(.+\.weight)\.lora_([ab])$/.exec(tensor.name) ?? [];
    if (!half || name === 'token_embd.weight')
      throw problem('tensor-unexpected', 'The adapter holds a tensor that is not supported.', {
        tensor: shown(tensor.name),
      });
    if (!types.includes(tensor.type))
      throw problem('dtype-unsupported', 'The adapter holds numbers of a type that is not supported.', {
        tensor: shown(tensor.name),
        dtype: tensor.type,
        supported: types,
      });
    halves.set(name, { ...halves.get(name), [half]: tensor });
  }
  const whole = new Map<string, { a: Tensor; b: Tensor }>();
  for (const [name, { a, b }] of halves) {
    if (!a || !b) throw problem('missing-tensor', 'Half of a pair of matrices is missing.', { module: shown(name) });
    whole.set(name, { a, b });
  }
  return whole;
}

async function readValues(source: ByteSource, tensor: Tensor, dataStart: number): Promise<Float32Array> {
  if (!Object.hasOwn(floatBytes, tensor.type))
    throw problem('dtype-unsupported', 'Quantised matrices of an adapter cannot be read.', { dtype: tensor.type });
  return decodeFloats(await readExactly(source, dataStart + tensor.offset, tensor.bytes), tensor.type as FloatType);
}
