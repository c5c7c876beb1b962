/**
 * What a header may hold at most. The largest real ones (a 256,000-token vocabulary with merges, 1,000 tensors of a
 * mixture of experts) stay well below; a hostile one costs a bounded time and memory before it is refused.
 */
export interface GgufLimits {
  headerBytes: number;
  metadataEntries: number;
  tensors: number;
  keyBytes: number;
  /** One string value, a chat template for example. */
  stringBytes: number;
  /** One array. */
  arrayItems: number;
  /** All arrays together. */
  totalArrayItems: number;
  alignment: number;
}

export const ggufLimits: GgufLimits = {
  headerBytes: 128 * 2 ** 20,
  metadataEntries: 4096,
  tensors: 32_768,
  keyBytes: 1024,
  stringBytes: 4 * 2 ** 20,
  arrayItems: 2 ** 20,
  totalArrayItems: 2 ** 21,
  alignment: 65_536,
};
