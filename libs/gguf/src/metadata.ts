import type { HeaderReader } from './header-reader.js';
import type { GgufLimits } from './limits.js';
import { problem } from './problem.js';

/** Arrays of numbers up to this length are kept (per-layer values); longer ones and texts only counted. */
const keptItems = 1024;
/** Longer texts (chat templates, licences in full) are only begun: nothing here needs their end. */
const keptBytes = 4096;

export type MetadataValue = number | boolean | string | { length: number; numbers?: number[] };
export type Metadata = ReadonlyMap<string, MetadataValue>;
/** gguf_type of each entry, for readers whose native counterpart ends the process over a wrong one. */
export type ValueTypes = ReadonlyMap<string, number>;

const stringType = 8;
const arrayType = 9;

/** Value types of one fixed size: how many bytes, and how they are read. 64-bit numbers may lose their last digits. */
const scalars = new Map<number, [bytes: number, read: (view: DataView, at: number) => number]>([
  [0, [1, (view, at) => view.getUint8(at)]],
  [1, [1, (view, at) => view.getInt8(at)]],
  [2, [2, (view, at) => view.getUint16(at, true)]],
  [3, [2, (view, at) => view.getInt16(at, true)]],
  [4, [4, (view, at) => view.getUint32(at, true)]],
  [5, [4, (view, at) => view.getInt32(at, true)]],
  [6, [4, (view, at) => view.getFloat32(at, true)]],
  [7, [1, (view, at) => view.getUint8(at)]],
  [10, [8, (view, at) => Number(view.getBigUint64(at, true))]],
  [11, [8, (view, at) => Number(view.getBigInt64(at, true))]],
  [12, [8, (view, at) => view.getFloat64(at, true)]],
]);
const booleanType = 7;

export async function readMetadata(
  reader: HeaderReader,
  count: number,
  limits: GgufLimits,
): Promise<{ metadata: Metadata; valueTypes: ValueTypes }> {
  const metadata = new Map<string, MetadataValue>();
  const valueTypes = new Map<string, number>();
  let arrayItems = 0;

  const readArray = async (): Promise<MetadataValue> => {
    const itemType = await reader.u32();
    const length = await reader.u64();
    arrayItems += length;
    if (length > limits.arrayItems || arrayItems > limits.totalArrayItems)
      throw problem('array-too-long', 'The file holds a list that is too long.', { length });
    if (itemType === stringType) {
      await reader.skipStrings(length);
      return { length };
    }
    const scalar = scalars.get(itemType);
    if (!scalar) throw problem('unknown-value-type', 'The file holds a list of an unknown type.', { type: itemType });
    const [bytes, read] = scalar;
    if (length > keptItems) {
      reader.skip(length * bytes);
      return { length };
    }
    const view = await reader.bytes(length * bytes);
    return { length, numbers: Array.from({ length }, (_, item) => read(view, item * bytes)) };
  };

  const readValue = async (type: number): Promise<MetadataValue> => {
    if (type === stringType) return reader.string(limits.stringBytes, keptBytes);
    if (type === arrayType) return readArray();
    const scalar = scalars.get(type);
    if (!scalar) throw problem('unknown-value-type', 'The file holds a value of an unknown type.', { type });
    const [bytes, read] = scalar;
    const view = await reader.bytes(bytes);
    return type === booleanType ? read(view, 0) !== 0 : read(view, 0);
  };

  for (let entry = 0; entry < count; entry++) {
    const key = await reader.string(limits.keyBytes);
    if (metadata.has(key)) throw problem('duplicate-key', 'The file holds an entry twice.', { key: key.slice(0, 100) });
    const type = await reader.u32();
    metadata.set(key, await readValue(type));
    valueTypes.set(key, type);
  }
  return { metadata, valueTypes };
}
