export { hide } from './chain.js';
export { erase, showErased, STREAMS_ERASED } from './erasure.js';
export type { ExportedEvent, ExportEnd, ExportStart } from './export-file.js';
export { Sealer } from './sealer.js';
export { settledPosition } from './settled-position.js';
export { storedChain } from './stored-chain.js';
export type { Head, Verdict } from './verify.js';
export { verifyDatabase, verifyExport } from './verify-audit.js';
