import type { ByteSource } from '@app/gguf';
import { FlatTable } from './flat-table.js';
import { limits } from './limits.js';
import { problem, shown } from './problem.js';
import { headBytes } from './tfl3-writer.js';

export interface Tfl3File {
  tensors: ReadonlyMap<string, { shape: number[]; type: number; offset: number; bytes: number }>;
  /** Numbers as they stand; bytes are at `buffers[number]`. */
  entries: ReadonlyMap<string, number>;
  buffers: readonly { offset: number; bytes: number }[];
}

/** A base has several tensors a matrix. */
const maxBuffers = 4 * limits.tensors;

/** The head of a file in MediaPipe's "TFL3" container, checked. Throws `explore.adapter-…` errors. */
export async function readTfl3(source: ByteSource): Promise<Tfl3File> {
  // A shorter one crashes the engine ("memory access out of bounds").
  if (source.size < headBytes)
    throw problem('truncated', 'The file is too short for MediaPipe.', { minimum: headBytes });
  const head = await source.read(0, headBytes);
  if (Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1', 4, 8) !== 'TFL3')
    throw problem('unknown-format', 'The file is not in the form that MediaPipe adds adapters to.');
  const model = FlatTable.root(head);
  const [subgraph, ...others] = model.tables(2, 16);
  if (model.int32(0) !== 3 || !subgraph || others.length > 0)
    throw problem('bad-header', 'The head of the file is malformed.');
  const buffers = model.tables(4, maxBuffers).map((buffer) => ({ offset: buffer.uint64(1), bytes: buffer.uint64(2) }));
  if (buffers.some(({ offset, bytes }) => offset + bytes > source.size))
    throw problem('truncated', 'The file is shorter than its tensors.');

  const entries = new Map<string, number>();
  for (const entry of model.tables(6, 64)) add(entries, entry.string(0), entry.int32(1));
  const tensors: Map<string, { shape: number[]; type: number; offset: number; bytes: number }> = new Map();
  for (const tensor of subgraph.tables(0, maxBuffers)) {
    const place = buffers[tensor.int32(2)];
    const shape = tensor.int32s(0, limits.dimensions);
    if (!place || shape.some((size) => size < 0)) throw problem('bad-header', 'A tensor of the file is malformed.');
    add(tensors, tensor.string(3), { shape, type: tensor.int8(1), ...place });
  }
  checkOverlap(tensors);
  return { tensors, entries, buffers };
}

function add<T>(map: Map<string, T>, name: string, value: T): void {
  if (map.has(name)) throw problem('duplicate-key', 'The file holds an entry twice.', { name: shown(name) });
  map.set(name, value);
}

function checkOverlap(tensors: Tfl3File['tensors']): void {
  let end = 0;
  for (const [name, { offset, bytes }] of [...tensors].toSorted(([, a], [, b]) => a.offset - b.offset)) {
    if (offset < end) throw problem('bad-range', 'Two tensors of the file overlap.', { tensor: shown(name) });
    end = offset + bytes;
  }
}
