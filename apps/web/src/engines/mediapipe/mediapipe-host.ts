import { LlmInference, type LoraModel } from '@mediapipe/tasks-genai';
import wasmLoaderPath from '@mediapipe/tasks-genai/genai_wasm_module_internal.js?url';
import wasmBinaryPath from '@mediapipe/tasks-genai/genai_wasm_module_internal.wasm?url';
import { EngineError } from '../errors.js';
import type { EngineEvent, Sampler } from '../engine.js';
import { mediaPipeError } from './mediapipe-errors.js';
import { modelPieces } from './model-pieces.js';
import { readTfl3, sameParameters, type Tfl3Head } from './tfl3.js';
import { webModelIn } from './web-model.js';

export interface LoadArgs {
  file: Blob;
  contextTokens: number;
  sampler: Sampler | null;
  adapters: readonly AdapterArgs[];
}
export interface AdapterArgs {
  digest: string;
  file: Blob;
}
export interface GenerateArgs {
  prompt: string;
  sampler: Sampler;
  adapter: string | null;
}

type Tell = (event: EngineEvent) => void;

/** What one instance of the library was made with; it cannot be changed afterwards. */
interface Making {
  temperature: number;
  topK: number;
  seed: number;
  ranks: readonly number[];
}

interface Model {
  file: Blob;
  head: Tfl3Head;
  contextTokens: number;
}

/** MediaPipe inside its worker. An instance that failed is never asked again: most errors leave it dead. */
export class MediaPipeHost {
  private model: Model | null = null;
  private readonly adapters = new Map<string, { file: Blob; rank: number; lora: LoraModel | null }>();
  private instance: LlmInference | null = null;
  private madeWith: Making | null = null;
  private device: GPUDevice | null = null;
  /** Refuses what runs now: some failures never reach the promise that the library gave. */
  private refuse: ((error: unknown) => void) | null = null;

  constructor() {
    addEventListener('unhandledrejection', (event) => {
      event.preventDefault();
      this.refuse?.(event.reason);
    });
  }

  async load(
    { file: given, contextTokens, sampler, adapters }: LoadArgs,
    onProgress: (progress: number) => void,
  ): Promise<void> {
    this.drop();
    this.adapters.clear();
    this.model = null;
    if (!navigator.gpu) throw new EngineError('engine.no-webgpu');
    const file = await webModelIn(given);
    const head = await readTfl3(file);
    if (head.rank !== null) throw new EngineError('engine.wrong-format', 'an adapter, not a model');
    await requireBuffer(head.largestBytes);
    this.model = { file, head, contextTokens };
    try {
      for (const adapter of adapters) await this.loadAdapter(adapter);
      await this.make(this.making(sampler), onProgress);
    } catch (error) {
      this.model = null;
      throw error;
    }
  }

  async loadAdapter({ digest, file }: AdapterArgs): Promise<void> {
    const { head } = this.loaded();
    const adapter = await readTfl3(file).catch((error: EngineError) => {
      throw new EngineError('engine.adapter-invalid', error.reason);
    });
    if (adapter.rank === null) throw new EngineError('engine.adapter-invalid', 'a model, not an adapter');
    if (!sameParameters(adapter, head)) throw new EngineError('engine.adapter-wrong-base', 'another architecture');
    this.adapters.set(digest, { file, rank: adapter.rank, lora: null });
  }

  /** The library cannot let go of one adapter: the instance goes, and the next answer makes one without it. */
  unloadAdapter(digest: string): void {
    if (this.adapters.get(digest)?.lora) this.drop();
    this.adapters.delete(digest);
  }

  async count(prompt: string): Promise<number> {
    if (!this.instance) await this.make(this.making(null));
    // The library leaves out the token that begins every prompt.
    return (this.instance!.sizeInTokens(prompt) ?? 0) + 1;
  }

  async generate({ prompt, sampler, adapter }: GenerateArgs, tell: Tell, signal: AbortSignal): Promise<void> {
    const { contextTokens } = this.loaded();
    const lora = adapter === null ? null : this.adapters.get(adapter);
    if (lora === undefined) throw new EngineError('engine.not-loaded', 'the adapter');
    const wanted = this.making(sampler);
    const { temperature, topK } = wanted;
    if (!this.instance || JSON.stringify(wanted) !== JSON.stringify(this.madeWith))
      await this.make(wanted, (progress) => tell({ type: 'loading', progress }));
    const instance = this.instance!;
    if (lora && !lora.lora) {
      const bytes = new Uint8Array(await lora.file.arrayBuffer());
      lora.lora = await this.guard(instance.loadLoraModel(bytes));
    }
    const promptTokens = (instance.sizeInTokens(prompt) ?? 0) + 1;
    if (promptTokens >= contextTokens) throw new EngineError('engine.prompt-too-long');
    tell({ type: 'prompt', promptTokens });

    const room = Math.min(sampler.maxTokens, contextTokens - promptTokens);
    let text = '';
    let pieces = 0;
    const stop = () => instance.cancelProcessing();
    const listener = (partial: string) => {
      if (partial === '') return;
      text += partial;
      pieces += 1;
      tell({ type: 'token', text: partial });
      // A piece is one token at least, so the text is measured only once it could be long enough.
      if (pieces * TOKENS_A_PIECE >= room) stop();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (!signal.aborted) {
        const running = lora?.lora
          ? instance.generateResponse(prompt, lora.lora, listener)
          : instance.generateResponse(prompt, listener);
        const whole = await this.guard(running);
        if (whole.length > text.length && whole.startsWith(text)) {
          tell({ type: 'token', text: whole.slice(text.length) });
          text = whole;
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
    // The library does not say how many there were. Read again, a text may make more tokens than it was made of.
    const completionTokens = text === '' ? 0 : Math.min(instance.sizeInTokens(text) ?? 0, pieces * TOKENS_A_PIECE);
    const full = pieces * TOKENS_A_PIECE >= room || completionTokens + 1 >= room;
    const reason = signal.aborted ? 'stopped' : full ? 'length' : 'stop';
    const ran = { temperature, topK, topP: 1, minP: 0, seed: sampler.seed, maxTokens: room };
    tell({ type: 'finish', reason, promptTokens, completionTokens, sampler: ran });
  }

  private making(sampler: Sampler | null): Making {
    const ranks = [...new Set([...this.adapters.values()].map(({ rank }) => rank))].toSorted((a, b) => a - b);
    const { temperature, topK, seed } = sampler ?? this.madeWith ?? { temperature: 0, topK: 1, seed: 0 };
    // Greedy answers are the same with every seed: another one is no reason for another instance.
    return temperature === 0
      ? { temperature, topK: 1, seed: 0, ranks }
      : { temperature, topK: topK || 40, seed, ranks };
  }

  private loaded(): Model {
    if (!this.model) throw new EngineError('engine.not-loaded');
    return this.model;
  }

  /** Another instance; only one is ever in memory. */
  private async make(making: Making, onProgress: (progress: number) => void = () => undefined): Promise<void> {
    const { file, contextTokens } = this.loaded();
    this.drop();
    const { temperature, topK, seed, ranks } = making;
    await provideFactory();
    this.device = await this.guard(LlmInference.createWebGpuDevice());
    const { device } = this;
    void device.lost.then(({ message }) => {
      if (this.device === device) this.fail(new EngineError('engine.device-lost', message));
    });
    this.instance = await this.guard(
      LlmInference.createFromOptions(
        { wasmLoaderPath, wasmBinaryPath },
        {
          baseOptions: {
            modelAssetBuffer: modelPieces(file, (read) => onProgress(read * 0.95)),
            gpuOptions: { device },
          },
          maxTokens: contextTokens,
          // Greedy: the library knows no temperature of 0.
          ...{ topK, temperature: temperature || 1, randomSeed: seed },
          ...(ranks.length > 0 && { loraRanks: [...ranks] }),
        },
      ),
    );
    // A file with the right first bytes and the wrong rest is taken by `create` and found out by the first use.
    await this.guard(Promise.resolve().then(() => this.instance!.sizeInTokens('x')));
    this.madeWith = making;
    onProgress(1);
  }

  private async guard<T>(running: Promise<T>): Promise<T> {
    const broken = new Promise<never>((_, reject) => (this.refuse = reject));
    try {
      return await Promise.race([running, broken]);
    } catch (error) {
      this.forget();
      throw mediaPipeError(error);
    } finally {
      this.refuse = null;
    }
  }

  private fail(error: EngineError): void {
    this.forget();
    this.refuse?.(error);
  }

  /** Closes what is idle. */
  private drop(): void {
    const { instance, device } = this;
    this.forget();
    instance?.close();
    device?.destroy();
  }

  /** Lets go without closing: `close` of an instance at work never comes back. The page ends this worker then. */
  private forget(): void {
    this.instance = null;
    this.device = null;
    for (const adapter of this.adapters.values()) adapter.lora = null;
  }
}

/** Said before gigabytes are read: the library would fail on it in the middle, with a thousand errors of the device. */
async function requireBuffer(bytes: number): Promise<void> {
  const most = (await navigator.gpu.requestAdapter())?.limits.maxBufferSize;
  if (most !== undefined && bytes > most)
    throw new EngineError('engine.not-enough-memory', `a tensor of ${bytes} bytes, buffers of ${most} at most`);
}

/**
 * The library imports its loader, takes the factory that the loader leaves behind and removes it; a module runs once, so
 * a second instance would find none.
 */
async function provideFactory(): Promise<void> {
  const loader = (await import(/* @vite-ignore */ wasmLoaderPath).catch((error: unknown) => {
    throw new EngineError('engine.crashed', `the engine's own files cannot be fetched: ${String(error)}`);
  })) as { default: unknown };
  Object.assign(globalThis, { ModuleFactory: loader.default });
}

/** The library hands out its text in pieces of so many tokens. */
const TOKENS_A_PIECE = 3;
