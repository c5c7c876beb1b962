export { detectAdapterFile, type AdapterFileKind } from './file-kind.js';
export { checkGgufAdapterFits, readGgufAdapter, type GgufAdapter } from './gguf-adapter.js';
export { readGgufBase, type GgufBase } from './gguf-base.js';
export type { Factors, LayerModule, LowRankUpdate } from './low-rank.js';
export { checkMediaPipeAdapterFits, readMediaPipeAdapter, type MediaPipeAdapter } from './mediapipe-adapter.js';
export { readMediaPipeBase, type MediaPipeBase } from './mediapipe-base.js';
export { readPeftAdapter, type PeftAdapter, type PeftUpdate } from './peft-adapter.js';
export { toGguf } from './to-gguf.js';
export { toMediaPipe } from './to-mediapipe.js';
