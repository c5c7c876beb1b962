import type {
  AdapterFile,
  ChatMessage,
  Engine,
  EngineEvent,
  GenerateRequest,
  LoadOptions,
  ModelFile,
} from '../engine.js';
import { EngineError } from '../errors.js';
import { EventQueue } from '../event-queue.js';
import { WorkerCalls } from '../worker-calls.js';
import { gemmaPrompt } from './gemma-prompt.js';

/** More would take memory for a conversation that is seldom so long. */
const MOST_CONTEXT_TOKENS = 2048;
/** Shaders are compiled before the first token, which takes long on a slow machine. */
const SILENCE_MS = 180_000;

/** These leave the library as it was; after any other error its worker is ended and made anew. */
const HARMLESS = ['engine.adapter-invalid', 'engine.adapter-wrong-base', 'engine.prompt-too-long', 'engine.not-loaded'];

/** Gemma models in MediaPipe's own form, on WebGPU, with LoRA adapters. */
export class MediaPipeEngine implements Engine {
  readonly name = 'mediapipe';
  readonly capabilities = { lora: true, webGpu: true };
  private model: ModelFile | null = null;
  private readonly calls = new WorkerCalls(
    () => new Worker(new URL('./mediapipe.worker.ts', import.meta.url), { type: 'module', name: 'mediapipe' }),
    () => (this.model = null),
  );
  private busy = false;

  get loaded(): string | null {
    return this.model?.digest ?? null;
  }

  async load(model: ModelFile, options: LoadOptions = {}): Promise<{ contextTokens: number }> {
    const { signal, onProgress, sampler = null, adapters = [] } = options;
    await this.unload();
    signal?.throwIfAborted();
    if (adapters.some(({ baseDigest }) => baseDigest !== model.digest))
      throw new EngineError('engine.adapter-wrong-base');
    const contextTokens = Math.min(model.contextTokens, MOST_CONTEXT_TOKENS);
    // Loading cannot be cancelled: the worker is ended instead.
    const stop = () => this.calls.end(new EngineError('engine.not-loaded', 'cancelled'));
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const args = { file: model.file, contextTokens, sampler, adapters: [...adapters] };
      await this.ask('load', args, { onEvent: (event) => onProgress?.(event as number) });
    } catch (error) {
      this.calls.end(new EngineError('engine.not-loaded'));
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    this.model = { ...model, contextTokens };
    return { contextTokens };
  }

  async loadAdapter({ digest, file, baseDigest }: AdapterFile): Promise<void> {
    if (!this.model) throw new EngineError('engine.not-loaded');
    if (baseDigest !== this.model.digest) throw new EngineError('engine.adapter-wrong-base');
    await this.ask('loadAdapter', { digest, file });
  }

  async unloadAdapter(digest: string): Promise<void> {
    if (this.model) await this.ask('unloadAdapter', digest);
  }

  async countTokens(messages: readonly ChatMessage[]): Promise<number> {
    if (!this.model) throw new EngineError('engine.not-loaded');
    if (this.busy) throw new EngineError('engine.busy');
    return this.ask<number>('count', gemmaPrompt(messages));
  }

  async *generate({ messages, sampler, adapter }: GenerateRequest, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    if (!this.model) throw new EngineError('engine.not-loaded');
    if (this.busy) throw new EngineError('engine.busy');
    this.busy = true;
    const left = new AbortController();
    const events = new EventQueue<EngineEvent>();
    const running = this.ask(
      'generate',
      { prompt: gemmaPrompt(messages), sampler, adapter },
      { signal: AbortSignal.any([signal, left.signal]), onEvent: (event) => events.push(event as EngineEvent) },
    ).then(
      () => events.end(),
      (error: unknown) => events.fail(error),
    );
    try {
      yield* events;
    } finally {
      left.abort();
      await running;
      this.busy = false;
    }
  }

  async unload(): Promise<void> {
    this.calls.end(new EngineError('engine.not-loaded', 'unloaded'));
    this.model = null;
  }

  private async ask<T>(method: string, args: unknown, options: Parameters<WorkerCalls['call']>[2] = {}): Promise<T> {
    try {
      return await this.calls.call<T>(method, args, { silenceMs: SILENCE_MS, ...options });
    } catch (error) {
      if (error instanceof EngineError && !HARMLESS.includes(error.code)) this.calls.end(error);
      throw error;
    }
  }
}
