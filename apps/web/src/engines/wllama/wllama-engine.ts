import { Wllama, WllamaAbortError, WllamaError } from '@wllama/wllama/esm/index.js';
import wasm from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import type { ChatMessage, Engine, EngineEvent, GenerateRequest, LoadOptions, ModelFile } from '../engine.js';
import { EngineError, reasonOf } from '../errors.js';

const MOST_CONTEXT_TOKENS = 4096;
/** A WebAssembly module of 32 bits holds 4 GiB with everything, and a file goes in whole. */
const MOST_BYTES = 2 * 2 ** 30;

/** GGUF models on the processor of any browser, by llama.cpp in WebAssembly. The library keeps its worker itself. */
export class WllamaEngine implements Engine {
  readonly name = 'wllama';
  readonly capabilities = { lora: false, webGpu: false };
  private wllama: Wllama | null = null;
  private model: ModelFile | null = null;
  private busy = false;

  get loaded(): string | null {
    return this.model?.digest ?? null;
  }

  async load(model: ModelFile, options: LoadOptions = {}): Promise<{ contextTokens: number }> {
    const { signal, onProgress, adapters = [] } = options;
    await this.unload();
    signal?.throwIfAborted();
    if (adapters.length > 0) throw new EngineError('engine.adapters-not-supported');
    const magic = await model.file.slice(0, 4).text();
    if (magic !== 'GGUF') throw new EngineError('engine.wrong-format', 'no GGUF file');
    if (model.file.size > MOST_BYTES) throw new EngineError('engine.not-enough-memory', 'larger than 2 GiB');
    const contextTokens = Math.min(model.contextTokens, MOST_CONTEXT_TOKENS);
    onProgress?.(0);
    const wllama = (this.wllama = new Wllama({ default: wasm }, { suppressNativeLog: true, logger: quiet }));
    const stop = () => void wllama.exit();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await wllama.loadModel([model.file], { n_ctx: contextTokens, n_threads: 1, n_gpu_layers: 0, ctx_shift: false });
      signal?.throwIfAborted();
    } catch (error) {
      await this.unload();
      throw signal?.aborted ? new EngineError('engine.not-loaded', 'cancelled') : wllamaError(error, true);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    this.model = { ...model, contextTokens };
    onProgress?.(1);
    return { contextTokens };
  }

  loadAdapter(): Promise<void> {
    return Promise.reject(new EngineError('engine.adapters-not-supported'));
  }

  async unloadAdapter(): Promise<void> {
    // There is never one.
  }

  async countTokens(messages: readonly ChatMessage[]): Promise<number> {
    const wllama = this.ready();
    try {
      // The prompt is evaluated and stays in the cache for the answer that follows.
      const { usage } = await wllama.createChatCompletion({
        messages: [...messages],
        max_tokens: 0,
        cache_prompt: true,
      });
      return usage.prompt_tokens;
    } catch (error) {
      throw wllamaError(error);
    }
  }

  async *generate({ messages, sampler, adapter }: GenerateRequest, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const wllama = this.ready();
    if (adapter !== null) throw new EngineError('engine.adapters-not-supported');
    this.busy = true;
    const left = new AbortController();
    const usage = { promptTokens: 0, completionTokens: 0 };
    let reason: 'stop' | 'length' | 'stopped' = 'stop';
    let pieces = 0;
    try {
      const chunks = await wllama.createChatCompletion({
        messages: [...messages],
        stream: true,
        abortSignal: AbortSignal.any([signal, left.signal]),
        ...{ temperature: sampler.temperature, top_k: sampler.topK, top_p: sampler.topP, min_p: sampler.minP },
        ...{ seed: sampler.seed, max_tokens: sampler.maxTokens, cache_prompt: true },
        timings_per_token: true,
      });
      for await (const chunk of chunks) {
        const choice = chunk.choices[0];
        const text = choice?.delta.content;
        if (text) {
          pieces += 1;
          yield { type: 'token', text };
        }
        if (choice?.finish_reason) reason = choice.finish_reason === 'length' ? 'length' : 'stop';
        if (chunk.timings) {
          usage.promptTokens = chunk.timings.cache_n + chunk.timings.prompt_n;
          usage.completionTokens = chunk.timings.predicted_n;
        }
      }
    } catch (error) {
      if (!signal.aborted && !(error instanceof WllamaAbortError)) throw wllamaError(error);
      reason = 'stopped';
    } finally {
      left.abort();
      this.busy = false;
    }
    yield { type: 'finish', reason, ...usage, completionTokens: usage.completionTokens || pieces, sampler };
  }

  async unload(): Promise<void> {
    const { wllama } = this;
    this.wllama = null;
    this.model = null;
    // What runs ends with the library's worker.
    await wllama?.exit().catch(() => undefined);
  }

  private ready(): Wllama {
    if (!this.wllama || !this.model) throw new EngineError('engine.not-loaded');
    if (this.busy) throw new EngineError('engine.busy');
    return this.wllama;
  }
}

const nothing = () => undefined;
const quiet = { debug: nothing, log: nothing, warn: nothing, error: nothing };

function wllamaError(error: unknown, loading = false): EngineError {
  const reason = reasonOf(error);
  if (/memory|allocation/i.test(reason)) return new EngineError('engine.not-enough-memory', reason);
  if (/context|kv.?cache|too long|exceed/i.test(reason) && !loading)
    return new EngineError('engine.prompt-too-long', reason);
  if (loading && error instanceof WllamaError) return new EngineError('engine.wrong-format', reason);
  return new EngineError(loading ? 'engine.wrong-format' : 'engine.crashed', reason);
}
