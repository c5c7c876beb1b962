import type { ByteSource } from '@app/gguf';
import { z } from 'zod';
import { decodeFloats, floatBytes, type FloatType } from './floats.js';
import { limits } from './limits.js';
import { problem, shown } from './problem.js';
import { readExactly } from './read-exactly.js';
import { parseStrictJson } from './strict-json.js';

export interface StoredTensor {
  type: FloatType;
  /** Outermost first: [rows, columns] of a matrix. */
  shape: number[];
  /** From the start of the file, in bytes. */
  offset: number;
  bytes: number;
}

const place = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(place).max(limits.dimensions),
  data_offsets: z.tuple([place, place]),
});
const metadataSchema = z.record(z.string(), z.string());

/** The header of a safetensors file, checked; no tensor is read. Throws `explore.adapter-…` errors. */
export async function readSafetensors(source: ByteSource): Promise<Map<string, StoredTensor>> {
  if (source.size < 10) throw problem('truncated', 'The file is too short for an adapter.');
  const first = await readExactly(source, 0, 8);
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(limits.headerBytes))
    throw problem('header-too-large', 'The header of the adapter is too large.', { limit: limits.headerBytes });
  const headerBytes = Number(length);
  if (headerBytes > source.size - 8) throw problem('truncated', 'The file ends in the middle of its header.');
  const tensors = readEntries(await readExactly(source, 8, headerBytes), 8 + headerBytes);
  checkPlaces(tensors, 8 + headerBytes, source.size);
  return tensors;
}

/** The numbers of one tensor. Throws `explore.adapter-not-finite`. */
export async function readTensor(source: ByteSource, { type, offset, bytes }: StoredTensor): Promise<Float32Array> {
  return decodeFloats(await readExactly(source, offset, bytes), type);
}

function readEntries(header: Uint8Array, dataStart: number): Map<string, StoredTensor> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(header);
  } catch {
    throw problem('bad-json', 'The header of the adapter is not text.');
  }
  if (!text.startsWith('{')) throw problem('bad-json', 'The header of the adapter is not a JSON object.');
  const { __metadata__: metadata, ...entries } = parseStrictJson(text, limits.jsonDepth) as Record<string, unknown>;
  if (metadata !== undefined && !metadataSchema.safeParse(metadata).success)
    throw problem('bad-header', 'The description in the header of the adapter is malformed.');
  const names = Object.keys(entries);
  if (names.length > limits.tensors)
    throw problem('too-many-tensors', 'The adapter holds too many tensors.', { limit: limits.tensors });
  return new Map(names.map((name) => [name, readEntry(name, entries[name], dataStart)]));
}

function readEntry(name: string, entry: unknown, dataStart: number): StoredTensor {
  const details = { tensor: shown(name) };
  if (name.length > limits.nameBytes) throw problem('bad-header', 'A name in the adapter is too long.', details);
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) throw problem('bad-header', 'An entry of the header of the adapter is malformed.', details);
  const {
    dtype,
    shape,
    data_offsets: [start, end],
  } = parsed.data;
  if (!isFloatType(dtype))
    throw problem('dtype-unsupported', 'The adapter holds numbers of a type that is not supported.', {
      ...details,
      dtype: shown(dtype),
      supported: Object.keys(floatBytes),
    });
  const values = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(values * 4) || end - start !== values * floatBytes[dtype])
    throw problem('bad-range', 'The place of a tensor does not fit its size.', details);
  return { type: dtype, shape, offset: dataStart + start, bytes: end - start };
}

const isFloatType = (name: string): name is FloatType => Object.hasOwn(floatBytes, name);

/** The tensors fill the rest of the file: no overlap, no gap that could hide something, nothing behind them. */
function checkPlaces(tensors: ReadonlyMap<string, StoredTensor>, dataStart: number, fileBytes: number): void {
  let end = dataStart;
  for (const [name, { offset, bytes }] of [...tensors].toSorted(
    ([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes,
  )) {
    const tensor = shown(name);
    if (offset < end) throw problem('bad-range', 'Two tensors of the adapter overlap.', { tensor });
    if (offset > end) throw problem('bad-range', 'There is a gap between two tensors of the adapter.', { tensor });
    end = offset + bytes;
  }
  if (end > fileBytes)
    throw problem('truncated', 'The adapter is shorter than its tensors.', { missingBytes: end - fileBytes });
  if (end < fileBytes) throw problem('bad-range', 'Something follows the last tensor of the adapter.');
}
