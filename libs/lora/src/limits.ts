/**
 * What an adapter may hold at most. Adapters of the largest models (80 layers, seven modules, rank 256) stay well below;
 * a hostile file costs a bounded time and memory before it is refused.
 */
export const limits = {
  /** JSON header of a safetensors file, bytes. */
  headerBytes: 4 * 2 ** 20,
  /** adapter_config.json, bytes. */
  configBytes: 2 ** 20,
  jsonDepth: 8,
  tensors: 8192,
  nameBytes: 512,
  dimensions: 8,
  /** Numbers in one matrix A or B: 128 MiB when decoded. The only thing that is ever in memory whole. */
  matrixValues: 2 ** 25,
  layers: 1024,
  rank: 4096,
  /** Entries of rank_pattern or alpha_pattern. */
  patterns: 4096,
} as const;
