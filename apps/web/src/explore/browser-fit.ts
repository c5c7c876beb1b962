import type { ModelParts, Verdict } from './views.js';

/** What this browser has for models; null: it does not tell. */
export interface BrowserMachine {
  /** As `navigator.deviceMemory` says: rounded, and never more than what browsers are willing to tell. */
  memoryBytes: number | null;
  /** What the browser grants beyond what is stored already. */
  storageFreeBytes: number | null;
  /** The largest buffer of the graphics device; null: there is no WebGPU. */
  gpuBufferBytes: number | null;
  /** Pages may keep files and run models: HTTPS or this very machine. */
  secure: boolean;
}

export interface BrowserFit {
  verdict: Verdict;
  needBytes: number | null;
  explains: string;
}

const GIB = 2 ** 30;

/** What the engine for GGUF in the browser takes at most, as its adapter has it. */
const WASM_MOST_FILE_BYTES = 2 * GIB;
const WASM_MOST_BYTES = 4 * GIB;
const WASM_MOST_CONTEXT = 4096;
const GPU_MOST_CONTEXT = 2048;

/** Where the header does not tell: a tenth on top of the weights, as small models need. */
const UNKNOWN_EXTRA = 0.1;
/** Of the machine's memory, what a page may hope for beside the system and other programs. */
const SHARE = 0.6;
/** The largest tensor of small models is about so much of their weights, and must lie in one buffer. */
const LARGEST_TENSOR = 0.25;
/** A device that tells this much or more may have far more: browsers round down to it. */
const MOST_TOLD_BYTES = 8 * GIB;

/** Whether a file would run in this browser, by the numbers of its header and what the browser tells of itself. */
export function fitInBrowser(
  encoding: 'gguf' | 'mediapipe' | null,
  sizeBytes: number,
  parts: ModelParts,
  machine: BrowserMachine,
): BrowserFit {
  const no = (explains: string, needBytes: number | null = null): BrowserFit => ({
    ...{ verdict: 'too-large', needBytes, explains },
  });
  if (encoding === null) return no('No engine of the browser reads this format.');
  if (!machine.secure) return no('Browsers run models over HTTPS or on this very machine (localhost) only.');
  if (encoding === 'mediapipe' && machine.gpuBufferBytes === null) return no('It needs WebGPU, which is not here.');
  if (encoding === 'gguf' && sizeBytes > WASM_MOST_FILE_BYTES) return no('Files over 2 GiB do not run in a browser.');

  const most = encoding === 'gguf' ? WASM_MOST_CONTEXT : GPU_MOST_CONTEXT;
  const context = Math.min(parts.modelContextLength ?? most, most);
  const { kvBytesPerToken, computeBytes } = parts;
  const known = kvBytesPerToken !== null && computeBytes !== null;
  const extra = known ? kvBytesPerToken * context + computeBytes : parts.weightsBytes * UNKNOWN_EXTRA;
  const needBytes = Math.ceil(parts.weightsBytes + extra);
  const needs = `It needs ${known && parts.exact ? '' : 'about '}${size(needBytes)} of memory`;

  if (encoding === 'gguf' && needBytes > WASM_MOST_BYTES) return no(`${needs}; a page has 4 GiB at most.`, needBytes);
  const { memoryBytes, storageFreeBytes } = machine;
  if (storageFreeBytes !== null && sizeBytes > storageFreeBytes) {
    return no(`It takes ${size(sizeBytes)} of storage; this browser grants ${size(storageFreeBytes)}.`, needBytes);
  }
  if (memoryBytes === null)
    return { verdict: 'unknown', needBytes, explains: `${needs}; this browser tells not what it has.` };
  const told = memoryBytes >= MOST_TOLD_BYTES ? `${size(memoryBytes)} or more` : size(memoryBytes);
  const has = `this machine has ${told}`;
  if (needBytes > memoryBytes && memoryBytes < MOST_TOLD_BYTES) return no(`${needs}; ${has}.`, needBytes);
  if (encoding === 'mediapipe' && parts.weightsBytes * LARGEST_TENSOR > (machine.gpuBufferBytes ?? 0)) {
    const explains = `${needs}; the graphics device takes ${size(machine.gpuBufferBytes ?? 0)} at once, which may be too little.`;
    return { verdict: 'tight', needBytes, explains };
  }
  const tight = needBytes > memoryBytes * SHARE;
  return { verdict: tight ? 'tight' : 'fits', needBytes, explains: `${needs}; ${has}.` };
}

const size = (bytes: number): string =>
  bytes < GIB ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / GIB).toFixed(1)} GiB`;

/** Asks the browser what it has. */
export async function browserMachine(): Promise<BrowserMachine> {
  const told = 'deviceMemory' in navigator ? Number(navigator.deviceMemory) : 0;
  const storage = isSecureContext ? await navigator.storage.estimate().catch(() => null) : null;
  return {
    memoryBytes: told > 0 ? told * GIB : null,
    storageFreeBytes: storage?.quota === undefined ? null : storage.quota - (storage.usage ?? 0),
    gpuBufferBytes: await gpuBuffer(),
    secure: isSecureContext,
  };
}

async function gpuBuffer(): Promise<number | null> {
  if (!('gpu' in navigator)) return null;
  // A browser may offer WebGPU and have no device for it.
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return adapter?.limits.maxBufferSize ?? null;
}
