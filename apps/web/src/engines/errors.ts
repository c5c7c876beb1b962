/** Why a model in the browser cannot do what was asked. Stable: pages and stored answers name them. */
export type EngineErrorCode =
  | 'engine.no-webgpu'
  | 'engine.not-enough-memory'
  | 'engine.wrong-format'
  | 'engine.device-lost'
  | 'engine.prompt-too-long'
  | 'engine.not-loaded'
  | 'engine.busy'
  | 'engine.timed-out'
  | 'engine.crashed'
  | 'engine.adapter-invalid'
  | 'engine.adapter-wrong-base'
  | 'engine.adapters-not-supported'
  | 'files.quota-full'
  | 'files.wrong-digest'
  | 'files.wrong-size'
  | 'files.unavailable'
  | 'files.no-storage';

const MESSAGES: Record<EngineErrorCode, string> = {
  'engine.no-webgpu': 'This browser offers no WebGPU, which this model needs. A GGUF model runs without it.',
  'engine.not-enough-memory': 'There is not enough memory in this browser for the model. Take a smaller one.',
  'engine.wrong-format': 'The file is not a model that this engine can read.',
  'engine.device-lost': 'The graphics device was lost while the model was at work. Try again.',
  'engine.prompt-too-long': 'The conversation is longer than the model can read in this browser.',
  'engine.not-loaded': 'No model is loaded.',
  'engine.busy': 'The model is still at work on another answer.',
  'engine.timed-out': 'The model did not answer in time and was stopped.',
  'engine.crashed': 'The model stopped unexpectedly. Try again.',
  'engine.adapter-invalid': 'The file is not a LoRA adapter that this engine can read.',
  'engine.adapter-wrong-base': 'The adapter was made for another base model.',
  'engine.adapters-not-supported': 'This engine cannot use LoRA adapters.',
  'files.quota-full': 'The storage that the browser grants is full. Delete a model on the storage page.',
  'files.wrong-digest': 'What arrived is not the file that was announced: its SHA-256 differs. It was thrown away.',
  'files.wrong-size': 'What arrived has another size than was announced. It was thrown away.',
  'files.unavailable': 'The file cannot be fetched from the server now. What arrived is kept.',
  'files.no-storage': 'This browser keeps no files for pages, as in a private window.',
};

export class EngineError extends Error {
  override readonly name = 'EngineError';

  constructor(
    readonly code: EngineErrorCode,
    /** What the engine itself said, for the console; never shown as it is. */
    readonly reason?: string,
  ) {
    super(MESSAGES[code]);
  }
}

/** The words of whatever a library throws: MediaPipe throws arrays of GPU errors and DOM events, too. */
export function reasonOf(thrown: unknown): string {
  if (Array.isArray(thrown)) return reasonOf(thrown[0]);
  if (thrown instanceof Error) return thrown.message;
  if (thrown instanceof Event) return `${thrown.type} event`;
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message);
  return String(thrown);
}
