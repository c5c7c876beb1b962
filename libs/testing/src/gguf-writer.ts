import { writeFile } from 'node:fs/promises';

export type GgufValue =
  | { u32: number }
  | { f32: number }
  | { bool: boolean }
  | { string: string }
  | { strings: string[] }
  | { f32s: number[] }
  | { i32s: number[] };

export interface GgufTensor {
  name: string;
  /** Innermost first: [columns, rows] of a matrix. */
  dimensions: number[];
  data: Float32Array;
}

const alignment = 32;

/** The bytes of a GGUF v3 file with 32-bit float tensors. */
export function encodeGguf(metadata: Record<string, GgufValue>, tensors: GgufTensor[]): Buffer {
  const header: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(Object.keys(metadata).length)];
  for (const [key, value] of Object.entries(metadata)) header.push(text(key), encodeValue(value));

  let offset = 0;
  const data: Buffer[] = [];
  for (const tensor of tensors) {
    header.push(text(tensor.name), u32(tensor.dimensions.length), ...tensor.dimensions.map(u64), u32(0), u64(offset));
    const bytes = padded(Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
    data.push(bytes);
    offset += bytes.length;
  }
  return Buffer.concat([padded(Buffer.concat(header)), ...data]);
}

export async function writeGguf(
  file: string,
  metadata: Record<string, GgufValue>,
  tensors: GgufTensor[],
): Promise<void> {
  await writeFile(file, encodeGguf(metadata, tensors));
}

function encodeValue(value: GgufValue): Buffer {
  if ('u32' in value) return Buffer.concat([u32(4), u32(value.u32)]);
  if ('f32' in value) return Buffer.concat([u32(6), f32(value.f32)]);
  if ('bool' in value) return Buffer.concat([u32(7), Buffer.from([value.bool ? 1 : 0])]);
  if ('string' in value) return Buffer.concat([u32(8), text(value.string)]);
  if ('strings' in value) return list(8, value.strings.map(text));
  if ('f32s' in value) return list(6, value.f32s.map(f32));
  return list(5, value.i32s.map(i32));
}

const list = (itemType: number, items: Buffer[]) => Buffer.concat([u32(9), u32(itemType), u64(items.length), ...items]);
const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const padded = (bytes: Buffer) =>
  Buffer.concat([bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment)]);

const filled = (bytes: number, write: (buffer: Buffer) => void) => {
  const buffer = Buffer.alloc(bytes);
  write(buffer);
  return buffer;
};
const u32 = (value: number) => filled(4, (buffer) => buffer.writeUInt32LE(value));
const i32 = (value: number) => filled(4, (buffer) => buffer.writeInt32LE(value));
const f32 = (value: number) => filled(4, (buffer) => buffer.writeFloatLE(value));
const u64 = (value: number) => filled(8, (buffer) => buffer.writeBigUInt64LE(BigInt(value)));
