export { estimateMemory, type MemoryUse } from './estimate-memory.js';
export { parseGguf, readGguf, type GgufInfo } from './gguf.js';
export { ggufLimits, type GgufLimits } from './limits.js';
