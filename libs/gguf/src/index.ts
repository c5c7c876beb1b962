export {
  type Budget,
  estimateMemory,
  type MemoryFacts,
  type MemoryUse,
  planContext,
  type PlannedContext,
} from './estimate-memory.js';
export { fileSource, parseGguf, parseGgufHeader, readGguf, type GgufHeader, type GgufInfo } from './gguf.js';
export type { ByteSource } from './header-reader.js';
export { ggufLimits, type GgufLimits } from './limits.js';
