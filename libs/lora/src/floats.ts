import { problem } from './problem.js';

/** How numbers are stored, all little-endian. */
export type FloatType = 'F32' | 'F16' | 'BF16';

export const floatBytes: Record<FloatType, number> = { F32: 4, F16: 2, BF16: 2 };

const word = new DataView(new ArrayBuffer(4));
const largestHalf = 65_504;

/** The 16-bit float nearest to a 32-bit one; on a tie the even one. */
export function toHalf(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477f_f000) return sign | 0x7c00; // rounds to infinity
  if (magnitude < 0x3300_0001) return sign; // at most half of the smallest one
  if (magnitude < 0x3880_0000) return sign | roundHalfToEven(Math.abs(value) * 2 ** 24); // without an exponent
  return sign | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x3800_0000) >>> 13);
}

function roundHalfToEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

export function fromHalf(half: number): number {
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Throws `explore.adapter-not-finite` for NaN and infinities: one would poison every answer. */
export function decodeFloats(bytes: Uint8Array, type: FloatType): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(bytes.length / floatBytes[type]);
  for (let at = 0; at < values.length; at++) {
    const value =
      type === 'F32'
        ? view.getFloat32(at * 4, true)
        : type === 'F16'
          ? fromHalf(view.getUint16(at * 2, true))
          : brain(view.getUint16(at * 2, true));
    if (!Number.isFinite(value)) throw problem('not-finite', 'The adapter holds a number that is not finite.', { at });
    values[at] = value;
  }
  return values;
}

function brain(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** Throws `explore.adapter-out-of-range` where a number is too large for the type. */
export function encodeFloats(values: Float32Array, type: 'F32' | 'F16'): Uint8Array {
  const bytes = new Uint8Array(values.length * floatBytes[type]);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (!Number.isFinite(value) || (type === 'F16' && Math.abs(value) > largestHalf))
      throw problem('out-of-range', 'A number of the adapter does not fit the chosen type.', { type });
    if (type === 'F32') view.setFloat32(at * 4, value, true);
    else view.setUint16(at * 2, toHalf(value), true);
  }
  return bytes;
}
