import { EngineError, type EngineErrorCode, reasonOf } from '../errors.js';

/** The library has no codes: these are words of its messages, as seen. The first that fits counts. */
const KNOWN: readonly [RegExp, EngineErrorCode][] = [
  [/requestAdapter|request adapter|Ensure WebGPU/i, 'engine.no-webgpu'],
  [/device was lost|device is lost|lost device|DeviceLost/i, 'engine.device-lost'],
  [
    /out of memory|memory access out of bounds|allocation failed|Array buffer allocation|OOM/i,
    'engine.not-enough-memory',
  ],
  [/Input is too long/i, 'engine.prompt-too-long'],
  [/lora/i, 'engine.adapter-invalid'],
  [
    /No model format|Expected 8 bytes|Unable to open zip|gpu_artisan|get metadata|Data size is too small|Tensor size/i,
    'engine.wrong-format',
  ],
  [/still ongoing/i, 'engine.busy'],
];

export function mediaPipeError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const reason = reasonOf(thrown);
  const code = KNOWN.find(([words]) => words.test(reason))?.[1] ?? 'engine.crashed';
  return new EngineError(code, reason);
}
