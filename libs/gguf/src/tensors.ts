import type { HeaderReader } from './header-reader.js';
import { problem } from './problem.js';
import { tensorTypes } from './types.js';

const maxDimensions = 4;
/** ggml keeps 63 bytes of a name. */
const maxNameBytes = 63;

export interface Tensor {
  name: string;
  type: string;
  /** Innermost first: [columns, rows] of a matrix. */
  dimensions: number[];
  /** Numbers in it. */
  values: number;
  bytes: number;
  /** From the start of the data section. */
  offset: number;
}

export async function readTensors(reader: HeaderReader, count: number, alignment: number): Promise<Tensor[]> {
  const tensors: Tensor[] = [];
  const names = new Set<string>();
  for (let index = 0; index < count; index++) {
    const tensor = await readTensor(reader, alignment);
    if (names.has(tensor.name)) throw problem('duplicate-tensor', 'The file holds a tensor twice.');
    names.add(tensor.name);
    tensors.push(tensor);
  }
  return tensors;
}

async function readTensor(reader: HeaderReader, alignment: number): Promise<Tensor> {
  const name = await reader.string(maxNameBytes);
  const dimensions = await reader.u32();
  if (dimensions < 1 || dimensions > maxDimensions)
    throw problem('bad-tensor', 'A tensor of the file has a wrong number of dimensions.', { name, dimensions });
  const sizes: number[] = [];
  let values = 1;
  for (let dimension = 0; dimension < dimensions; dimension++) {
    const size = await reader.u64();
    sizes.push(size);
    values *= size;
    if (size < 1 || !Number.isSafeInteger(values * 8))
      throw problem('bad-tensor', 'A tensor of the file has an impossible size.', { name });
  }
  const typeNumber = await reader.u32();
  const type = tensorTypes.get(typeNumber);
  if (!type) throw problem('unknown-tensor-type', 'A tensor of the file has an unknown type.', { name, typeNumber });
  const rowLength = sizes[0]!;
  if (rowLength % type.values !== 0)
    throw problem('bad-tensor', 'The rows of a tensor do not fit its type.', { name, rowLength });
  const offset = await reader.u64();
  if (offset % alignment !== 0) throw problem('bad-tensor', 'A tensor of the file is not aligned.', { name, offset });
  return { name, type: type.name, dimensions: sizes, values, bytes: (values / type.values) * type.bytes, offset };
}

/** Every tensor lies inside the file, and no two share a byte. */
export function checkPlaces(tensors: readonly Tensor[], dataBytes: number): void {
  let end = 0;
  for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset)) {
    if (tensor.offset < end) throw problem('bad-tensor', 'Two tensors of the file overlap.', { name: tensor.name });
    end = tensor.offset + tensor.bytes;
    if (end > dataBytes)
      throw problem('truncated', 'The file is shorter than its tensors.', { missingBytes: end - dataBytes });
  }
}
