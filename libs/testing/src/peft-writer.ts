export interface SafetensorsTensor {
  name: string;
  /** Outermost first. */
  shape: number[];
  dtype: 'F32' | 'F16' | 'BF16';
  data: Float32Array;
}

/** The bytes of a safetensors file; 16-bit numbers are cut, not rounded, so give numbers that fit. */
export function encodeSafetensors(tensors: readonly SafetensorsTensor[], metadata?: Record<string, string>): Buffer {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  const data: Buffer[] = [];
  let offset = 0;
  for (const { name, shape, dtype, data: values } of tensors) {
    const bytes = encodeNumbers(values, dtype);
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    data.push(bytes);
    offset += bytes.length;
  }
  return withHeader(JSON.stringify(header), Buffer.concat(data));
}

/** A safetensors file with any header, to see broken ones refused. */
export function withHeader(header: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), data]);
}

function encodeNumbers(values: Float32Array, dtype: SafetensorsTensor['dtype']): Buffer {
  const bytes = Buffer.alloc(values.length * (dtype === 'F32' ? 4 : 2));
  const word = Buffer.alloc(4);
  for (const [at, value] of values.entries()) {
    if (dtype === 'F32') bytes.writeFloatLE(value, at * 4);
    else {
      word.writeFloatLE(value);
      const bits = word.readUInt32LE();
      bytes.writeUInt16LE(dtype === 'BF16' ? bits >>> 16 : half(value, bits), at * 2);
    }
  }
  return bytes;
}

function half(value: number, bits: number): number {
  const exponent = ((bits >>> 23) & 255) - 112;
  const sign = (bits >>> 16) & 0x8000;
  if (Number.isNaN(value)) return 0x7e00;
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent <= 0) return sign | Math.trunc(Math.abs(value) * 2 ** 24);
  return sign | (exponent << 10) | ((bits >>> 13) & 1023);
}
