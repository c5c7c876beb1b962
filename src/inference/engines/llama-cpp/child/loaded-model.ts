import type { Llama, LlamaEmbeddingContext, LlamaGrammar, LlamaModel, Token } from 'node-llama-cpp';
import type { ChildSettings } from '../protocol.js';
import { ChatPrompt } from './chat-prompt.js';
import { Contexts } from './contexts.js';
import { cancelled, Failure } from './failure.js';

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
  readonly contexts: Contexts;
  readonly prompt: ChatPrompt;
  readonly #llama: Llama;
  readonly #threads: number;
  readonly #grammars = new Map<string, Promise<LlamaGrammar>>();
  #embedding: Promise<LlamaEmbeddingContext> | undefined;

  private constructor(llama: Llama, threads: number, model: LlamaModel, contexts: Contexts) {
    this.#llama = llama;
    this.#threads = threads;
    this.model = model;
    this.contexts = contexts;
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
      const contexts = await Contexts.create(model, {
        limit: options.contextTokens,
        sequences: options.sequences,
        threads: settings.threads,
        onStep: () => listener.step(),
      });
      return new LoadedModel(llama, settings.threads, model, contexts);
    } catch (error) {
      process.stderr.write(`${String(error)}\n`);
      throw new Failure('unavailable', 'inference.model-load-failed', 'The model could not be loaded.');
    }
  }

  async grammar(schema: object): Promise<LlamaGrammar> {
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
      if (signal.aborted) throw cancelled();
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
    await this.contexts.dispose();
    await this.model.dispose();
  }
}
