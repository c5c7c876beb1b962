import type { Llama, LlamaEmbeddingContext, LlamaGrammar, LlamaModel, Token } from 'node-llama-cpp';
import type { AdapterUse, GenerateRequest, Sampler } from '../../../domain/engine.js';
import type { ChildSettings } from '../protocol.js';
import { ChatPrompt } from './chat-prompt.js';
import { Contexts, type ContextSettings } from './contexts.js';
import { Failure, throwIfCancelled } from './failure.js';
import { TokenSampler } from './native.js';

const keptGrammars = 16;
const embeddingTokens = 2048;

interface LoadOptions {
  model: string;
  contextTokens: number;
  sequences: number;
}

interface LoadListener {
  progress(done: number): void;
  /** The native library has finished a batch. */
  step(): void;
}

/** A model, its contexts, and what is made from them. */
export class LoadedModel {
  readonly model: LlamaModel;
  /** By their adapters; those without are always there. */
  readonly #contexts = new Map<string, Contexts>();
  readonly prompt: ChatPrompt;
  readonly #llama: Llama;
  readonly #threads: number;
  readonly #settings: Omit<ContextSettings, 'adapters'>;
  readonly #grammars = new Map<string, Promise<LlamaGrammar>>();
  #embedding: Promise<LlamaEmbeddingContext> | undefined;

  private constructor(llama: Llama, threads: number, model: LlamaModel, settings: Omit<ContextSettings, 'adapters'>) {
    this.#llama = llama;
    this.#threads = threads;
    this.model = model;
    this.#settings = settings;
    this.prompt = new ChatPrompt(model);
  }

  static async load(
    llama: Llama,
    options: LoadOptions,
    settings: ChildSettings,
    listener: LoadListener,
  ): Promise<LoadedModel> {
    try {
      const model = await llama.loadModel({
        modelPath: options.model,
        // The parent has a memory budget of its own; the library's guess refuses what fits.
        ignoreMemorySafetyChecks: true,
        ...(!settings.gpu && { gpuLayers: 0 }),
        onLoadProgress: (progress) => listener.progress(progress),
      });
      const loaded = new LoadedModel(llama, settings.threads, model, {
        limit: options.contextTokens,
        sequences: options.sequences,
        threads: settings.threads,
        onStep: () => listener.step(),
      });
      await loaded.open([]);
      return loaded;
    } catch (error) {
      process.stderr.write(`${String(error)}\n`);
      throw new Failure('unavailable', 'inference.model-load-failed', 'The model could not be loaded.');
    }
  }

  /** The most tokens of prompt and answer together. */
  get contextTokens(): number {
    return this.#settings.limit;
  }

  contexts(adapters: readonly AdapterUse[] = []): Contexts {
    const contexts = this.#contexts.get(keyOf(adapters));
    if (!contexts) throw new Failure('internal', 'inference.adapter-not-loaded', 'The adapter is not loaded.');
    return contexts;
  }

  /** Makes the contexts of these adapters. */
  async open(adapters: readonly AdapterUse[]): Promise<void> {
    if (this.#contexts.has(keyOf(adapters))) return;
    this.#contexts.set(keyOf(adapters), await Contexts.create(this.model, { ...this.#settings, adapters }));
  }

  /** Frees the contexts of these adapters, and the adapters that no other context has. */
  async close(adapters: readonly AdapterUse[]): Promise<void> {
    const contexts = this.#contexts.get(keyOf(adapters));
    this.#contexts.delete(keyOf(adapters));
    await contexts?.dispose();
  }

  /** To be disposed of. */
  async sampler(sampler: Sampler, grammar: GenerateRequest['grammar']): Promise<TokenSampler> {
    return new TokenSampler(this.model, sampler, grammar && (await this.#grammar(grammar.jsonSchema)));
  }

  async #grammar(schema: object): Promise<LlamaGrammar> {
    const key = JSON.stringify(schema);
    let grammar = this.#grammars.get(key);
    if (!grammar) {
      grammar = this.#llama.createGrammarForJsonSchema(schema as never);
      this.#grammars.set(key, grammar);
      const oldest = this.#grammars.keys().next().value;
      if (this.#grammars.size > keptGrammars && oldest !== undefined) this.#grammars.delete(oldest);
    }
    try {
      return await grammar;
    } catch (error) {
      this.#grammars.delete(key);
      process.stderr.write(`${String(error)}\n`);
      throw new Failure('invalid', 'inference.invalid-schema', 'The JSON schema cannot be turned into a grammar.');
    }
  }

  async embed(texts: string[], signal: AbortSignal): Promise<number[][]> {
    this.#embedding ??= this.model.createEmbeddingContext({
      contextSize: Math.min(embeddingTokens, this.model.trainContextSize),
      threads: this.#threads,
      ignoreMemorySafetyChecks: true,
    });
    const context = await this.#embedding;
    const vectors: number[][] = [];
    for (const text of texts) {
      throwIfCancelled(signal);
      const promptTokens = context.calculateInputLength(text);
      const contextTokens = Math.min(embeddingTokens, this.model.trainContextSize);
      if (promptTokens >= contextTokens)
        throw new Failure('invalid', 'inference.prompt-too-long', 'A text is longer than the model can embed.', {
          promptTokens,
          contextTokens,
        });
      vectors.push([...(await context.getEmbeddingFor(text)).vector]);
    }
    return vectors;
  }

  detokenize(tokens: readonly Token[], recent: readonly Token[]): string {
    return this.model.detokenize(tokens, false, recent);
  }

  async dispose(): Promise<void> {
    for (const contexts of this.#contexts.values()) await contexts.dispose();
    await this.model.dispose();
  }
}

const keyOf = (adapters: readonly AdapterUse[]): string =>
  JSON.stringify(adapters.map(({ adapter, scale }) => [adapter, scale]));
