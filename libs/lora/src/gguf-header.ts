/** A tensor as a GGUF header lists it. */
export interface HeaderTensor {
  name: string;
  /** Innermost first. */
  dimensions: number[];
  type: 'F32' | 'F16';
  bytes: number;
}

const alignment = 32;
const typeNumbers = { F32: 0, F16: 1 };

/** What is missing to the next tensor. */
export const padding = (bytes: number): Uint8Array => new Uint8Array((alignment - (bytes % alignment)) % alignment);

/** Everything before the data of a GGUF v3 file that holds an adapter. */
export function encodeHeader(architecture: string, alpha: number, tensors: readonly HeaderTensor[]): Uint8Array {
  const parts: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(4)];
  parts.push(text('general.type'), textValue('adapter'), text('general.architecture'), textValue(architecture));
  parts.push(text('adapter.type'), textValue('lora'), text('adapter.lora.alpha'), u32(6), f32(alpha));
  let offset = 0;
  for (const { name, dimensions, type, bytes } of tensors) {
    parts.push(text(name), u32(dimensions.length), ...dimensions.map(u64), u32(typeNumbers[type]), u64(offset));
    offset += bytes + padding(bytes).length;
  }
  const header = Buffer.concat(parts);
  return Buffer.concat([header, padding(header.length)]);
}

const written = (bytes: number, write: (buffer: Buffer) => void) => {
  const buffer = Buffer.alloc(bytes);
  write(buffer);
  return buffer;
};
const u32 = (value: number) => written(4, (buffer) => buffer.writeUInt32LE(value));
const u64 = (value: number) => written(8, (buffer) => buffer.writeBigUInt64LE(BigInt(value)));
const f32 = (value: number) => written(4, (buffer) => buffer.writeFloatLE(value));
const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const textValue = (value: string) => Buffer.concat([u32(8), text(value)]);
