/** What a model in the browser is asked, in the words of the server's own engine port. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** How the next token is picked. An engine that lacks one of them says in `finish` what it took instead. */
export interface Sampler {
  /** 0 is greedy. */
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
  seed: number;
  /** Most tokens of an answer. */
  maxTokens: number;
}

/** A model file in this browser's storage. */
export interface ModelFile {
  /** SHA-256, hex; the bytes were checked against it. */
  digest: string;
  file: Blob;
  /** Most tokens of prompt and answer; an engine may take fewer. */
  contextTokens: number;
}

export interface AdapterFile {
  digest: string;
  file: Blob;
  /** SHA-256 of the model that it was made for. */
  baseDigest: string;
}

export interface LoadOptions {
  signal?: AbortSignal;
  /** 0 to 1. */
  onProgress?(progress: number): void;
  /** What the first answer will be asked with: an engine that must be made for it is then made once. */
  sampler?: Sampler;
  /** Loaded with the model, as by `loadAdapter`. */
  adapters?: readonly AdapterFile[];
}

export interface EngineCapabilities {
  /** LoRA adapters can be loaded onto a model. */
  lora: boolean;
  /** Does not run without WebGPU. */
  webGpu: boolean;
}

export interface GenerateRequest {
  messages: readonly ChatMessage[];
  sampler: Sampler;
  /** Digest of a loaded adapter; null for the model alone. */
  adapter: string | null;
}

/** In this order: `loading`*, `prompt`, `token`*, `finish`. */
export type EngineEvent =
  /** The model is made ready again, as for another seed; 0 to 1. */
  | { type: 'loading'; progress: number }
  | { type: 'prompt'; promptTokens: number }
  | { type: 'token'; text: string }
  /** `stopped`: the signal aborted. `sampler` is what really ran. */
  | {
      type: 'finish';
      reason: 'stop' | 'length' | 'stopped';
      promptTokens: number;
      completionTokens: number;
      sampler: Sampler;
    };

/**
 * Whatever runs a model in this browser. One model is in memory at a time: loading another one unloads the first.
 * Everything rejects with an `EngineError`; after any error the engine can be used again, if need be after `load`.
 * Every adapter of this port passes `engines.e2e.spec.ts` in a real browser.
 */
export interface Engine {
  /** Stored with each answer. */
  readonly name: 'mediapipe' | 'wllama';
  readonly capabilities: EngineCapabilities;
  /** Digest of the loaded model. */
  readonly loaded: string | null;

  /** Resolves when the model can answer. Aborting leaves nothing loaded. */
  load(model: ModelFile, options?: LoadOptions): Promise<{ contextTokens: number }>;
  /** Refused before a byte is loaded: `engine.adapter-wrong-base`, `-invalid`, `engine.adapters-not-supported`. */
  loadAdapter(adapter: AdapterFile): Promise<void>;
  /** What is not loaded is unloaded already. */
  unloadAdapter(digest: string): Promise<void>;
  /** Tokens of the prompt that the messages make with the model's template. */
  countTokens(messages: readonly ChatMessage[]): Promise<number>;
  /** Aborting the signal, or leaving the loop, stops the model within a few tokens; it can be asked again at once. */
  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<EngineEvent>;
  /** Gives the memory back, at once and whatever the model does. */
  unload(): Promise<void>;
}
