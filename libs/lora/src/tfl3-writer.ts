import { Builder } from 'flatbuffers';
import { problem } from './problem.js';

/** How MediaPipe numbers the types that are written here (TFLite's TensorType). */
export const tfl3Types = { F32: 0, F16: 1, INT8: 9 } as const;

export interface Tfl3Tensor {
  name: string;
  shape: number[];
  type: keyof typeof tfl3Types;
  bytes: number;
}

/** An entry is either bytes, or a small number in the place where TFLite has the number of a buffer. */
export interface Tfl3Entry {
  name: string;
  value: Uint8Array | number;
}

/** The engine reads this much first and expects the whole flatbuffer in it; a shorter file crashes it. */
export const headBytes = 2 ** 20;
const alignment = 64;

export const paddingAfter = (bytes: number): Uint8Array =>
  new Uint8Array((alignment - (bytes % alignment)) % alignment);

/**
 * The first part of MediaPipe's "TFL3" container: one MiB with the flatbuffer, then the bytes of the entries. The data of
 * the tensors follow in order, each with `paddingAfter`. Throws `explore.adapter-too-large`.
 */
export function encodeTfl3Head(tensors: readonly Tfl3Tensor[], entries: readonly Tfl3Entry[]): Uint8Array {
  const places: { offset: number; bytes: number }[] = [];
  const blobs: Uint8Array[] = [];
  let end = headBytes;
  /** Answers the number of the buffer; number 0 is the empty one. */
  const place = (bytes: number): number => {
    places.push({ offset: end, bytes });
    end += bytes + paddingAfter(bytes).length;
    return places.length;
  };
  const entryBuffers = entries.map(({ name, value }) => {
    if (typeof value === 'number') return { name, buffer: value };
    blobs.push(value, paddingAfter(value.length));
    return { name, buffer: place(value.length) };
  });
  const tensorBuffers = tensors.map((tensor) => ({ ...tensor, buffer: place(tensor.bytes) }));

  const flatbuffer = encodeModel(tensorBuffers, entryBuffers, places);
  if (flatbuffer.length > headBytes) throw problem('too-large', 'The adapter holds too many matrices.');
  const head = new Uint8Array(headBytes);
  head.set(flatbuffer);
  return Buffer.concat([head, ...blobs]);
}

/** TFLite's Model v3 with one subgraph; only the fields that the engine reads. */
function encodeModel(
  tensors: readonly (Tfl3Tensor & { buffer: number })[],
  entries: readonly { name: string; buffer: number }[],
  places: readonly { offset: number; bytes: number }[],
): Uint8Array {
  const builder = new Builder(64 * 1024);
  const table = (fields: number, fill: () => void): number => {
    builder.startObject(fields);
    fill();
    return builder.endObject();
  };
  const vector = (length: number, add: (index: number) => void): number => {
    builder.startVector(4, length, 4);
    for (let index = length - 1; index >= 0; index--) add(index);
    return builder.endVector();
  };
  const tables = (offsets: readonly number[]) => vector(offsets.length, (index) => builder.addOffset(offsets[index]!));
  const numbers = (values: readonly number[]) => vector(values.length, (index) => builder.addInt32(values[index]!));

  const tensorTables = tensors.map(({ name, shape, type, buffer }) => {
    const [nameAt, shapeAt] = [builder.createString(name), numbers(shape)];
    return table(4, () => {
      builder.addFieldOffset(0, shapeAt, 0);
      builder.addFieldInt8(1, tfl3Types[type], 0);
      builder.addFieldInt32(2, buffer, 0);
      builder.addFieldOffset(3, nameAt, 0);
    });
  });
  const subgraphParts = [tables(tensorTables), numbers([]), numbers([]), numbers([]), builder.createString('main')];
  const subgraph = table(5, () => subgraphParts.forEach((part, field) => builder.addFieldOffset(field, part, 0)));
  const bufferTables = [{ offset: 0, bytes: 0 }, ...places].map(({ offset, bytes }) =>
    table(3, () => {
      builder.addFieldInt64(1, BigInt(offset), 0n);
      builder.addFieldInt64(2, BigInt(bytes), 0n);
    }),
  );
  const entryTables = entries.map(({ name, buffer }) => {
    const nameAt = builder.createString(name);
    return table(2, () => {
      builder.addFieldOffset(0, nameAt, 0);
      builder.addFieldInt32(1, buffer, 0);
    });
  });
  const [operators, subgraphs, buffers, metadata] = [
    numbers([]),
    tables([subgraph]),
    tables(bufferTables),
    tables(entryTables),
  ];
  const description = builder.createString('');
  const model = table(8, () => {
    builder.addFieldInt32(0, 3, 0);
    builder.addFieldOffset(1, operators, 0);
    builder.addFieldOffset(2, subgraphs, 0);
    builder.addFieldOffset(3, description, 0);
    builder.addFieldOffset(4, buffers, 0);
    builder.addFieldOffset(6, metadata, 0);
  });
  builder.finish(model, 'TFL3');
  return builder.asUint8Array();
}
