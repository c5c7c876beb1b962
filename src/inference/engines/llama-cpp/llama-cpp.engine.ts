import { readdir } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { readGguf } from '@app/gguf';
import { DomainError } from '@app/kernel';
import {
  Engine,
  type ChatMessage,
  type EngineEvent,
  type EngineModel,
  type GenerateRequest,
} from '../../domain/engine.js';
import { throwIfAborted } from '../cancelled.js';
import { silentLogger, type EngineLogger } from '../engine-logger.js';
import { EventQueue } from '../event-queue.js';
import { ChildSupervisor } from './child-supervisor.js';
import { ModelPool } from './model-pool.js';

export interface LlamaCppOptions {
  /** Where `models()` looks, and what a relative model name is looked up in. */
  modelsDir: string;
  /** Threads that evaluate. Default: one a core. */
  threads?: number;
  /** Answers that one model generates at the same time; others wait. Default 4. */
  parallel?: number;
  /** The most tokens of prompt and answer together. Default 8192. */
  contextTokens?: number;
  /** Bytes for loaded models. Default: 70 % of the memory. */
  memoryBytes?: number;
  /** Use a GPU if binaries for it are installed. Default no. */
  gpu?: boolean;
  /** See `SupervisorOptions`. Defaults 30 s and 180 s. */
  hangMs?: number;
  stallMs?: number;
  logger?: EngineLogger;
}

/** Models in GGUF files, run by llama.cpp in a supervised child process. */
export class LlamaCppEngine extends Engine {
  readonly name = 'llama-cpp';
  readonly continuesPrefix = true;
  readonly takesAdapters = true;
  readonly #modelsDir: string;
  readonly #child: ChildSupervisor;
  readonly #pool: ModelPool;

  constructor(options: LlamaCppOptions) {
    super();
    const logger = options.logger ?? silentLogger;
    this.#modelsDir = resolve(options.modelsDir);
    this.#child = new ChildSupervisor({
      threads: options.threads ?? availableParallelism(),
      gpu: options.gpu ?? false,
      hangMs: options.hangMs ?? 30_000,
      stallMs: options.stallMs ?? 180_000,
      logger,
    });
    this.#pool = new ModelPool(this.#child, {
      parallel: options.parallel ?? 4,
      contextTokens: options.contextTokens ?? 8192,
      memoryBytes: options.memoryBytes ?? Math.floor(totalmem() * 0.7),
      logger,
    });
  }

  /** The child's process id; undefined before its first use and after a crash. */
  get childPid(): number | undefined {
    return this.#child.pid;
  }

  async *generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<EngineEvent, void, void> {
    throwIfAborted(signal);
    const { model, ...rest } = request;
    const left = new AbortController();
    const stop = AbortSignal.any([signal, left.signal]);
    const events = new EventQueue<EngineEvent>();
    const report = (event: EngineEvent) => events.push(event);
    const work = this.#pool.use(
      this.#pathOf(model),
      stop,
      report,
      ({ path }) => this.#child.run({ type: 'generate', model: path, request: rest }, stop, report),
      rest.adapters,
    );
    work.then(
      () => events.end(),
      (error: unknown) => events.end(error),
    );
    try {
      for await (const event of events) {
        // The child may have been at the end already: whoever has left wants no end.
        throwIfAborted(signal);
        yield event;
      }
    } finally {
      left.abort();
    }
  }

  async embed(model: string, texts: string[], signal = new AbortController().signal): Promise<number[][]> {
    return this.#pool.use(this.#pathOf(model), signal, ignore, ({ path }) =>
      this.#child.run({ type: 'embed', model: path, texts }, signal),
    );
  }

  async countTokens(model: string, messages: ChatMessage[], signal = new AbortController().signal): Promise<number> {
    return this.#pool.use(this.#pathOf(model), signal, ignore, ({ path }) =>
      this.#child.run({ type: 'count', model: path, messages }, signal),
    );
  }

  /** Loads the model now, so that the first question need not wait. */
  async warm(model: string): Promise<void> {
    await this.#pool.use(this.#pathOf(model), new AbortController().signal, ignore, async () => {});
  }

  /** The usable `.gguf` files of the models folder; the id is the path. */
  async models(): Promise<EngineModel[]> {
    const names = await readdir(this.#modelsDir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const models = names
      .filter((name) => name.endsWith('.gguf'))
      .sort()
      .map(async (name): Promise<EngineModel[]> => {
        const path = join(this.#modelsDir, name);
        const info = await readGguf(path).catch(() => undefined);
        if (!info) return [];
        const { contextLength, fileBytes } = info;
        return [{ id: path, name: info.name ?? basename(name, '.gguf'), contextLength, sizeBytes: fileBytes }];
      });
    return (await Promise.all(models)).flat();
  }

  async unload(model: string): Promise<void> {
    await this.#pool.unload(this.#pathOf(model));
  }

  async unloadAdapter(adapter: string): Promise<void> {
    await this.#pool.unloadAdapter(adapter);
  }

  async close(): Promise<void> {
    await this.#child.close();
  }

  /** An absolute path as it is; a plain file name in the models folder; never a way out of it. */
  #pathOf(model: string): string {
    const path = resolve(this.#modelsDir, model);
    if (model === path || join(this.#modelsDir, basename(model)) === path) return path;
    throw new DomainError('not-found', 'inference.unknown-model', 'There is no such model.');
  }
}

const ignore = () => {};
