import { stat } from 'node:fs/promises';
import { setImmediate as turnOfEvents } from 'node:timers/promises';
import { estimateMemory, planContext, readGguf, type GgufInfo } from '@app/gguf';
import { DomainError } from '@app/kernel';
import type { AdapterUse, EngineEvent } from '../../domain/engine.js';
import { AdapterSets } from './adapter-sets.js';
import { throwIfAborted } from '../cancelled.js';
import type { EngineLogger } from '../engine-logger.js';
import type { ChildSupervisor } from './child-supervisor.js';
import { Turns } from './turns.js';

export interface PoolOptions {
  /** Answers that one model generates at the same time. */
  parallel: number;
  /** The most tokens of prompt and answer; a model trained for fewer gets fewer. */
  contextTokens: number;
  /** Bytes that all loaded models may occupy, by estimate. */
  memoryBytes: number;
  logger: EngineLogger;
}

/** A file that killed the child so often while loading is not tried again until it changes. */
const maxLoadCrashes = 2;

interface PooledModel {
  readonly path: string;
  /** Tells one content of the file from another. */
  readonly version: string;
  readonly info: GgufInfo;
  readonly contextTokens: number;
  readonly memory: number;
  readonly turns: Turns;
  /** Its contexts with adapters. */
  readonly adapters: AdapterSets;
  /** Set from the first wish to load it until it is dropped. */
  loading: Promise<void> | undefined;
  /** It occupies memory. */
  resident: boolean;
  loadCrashes: number;
  usedAt: number;
  /** Those who wait for the model to be loaded. */
  readonly watchers: Set<(event: EngineEvent) => void>;
}

/** Which models are loaded: on demand, within the memory budget, the least recently used leaving first. */
export class ModelPool {
  readonly #models = new Map<string, PooledModel>();
  /** Shared by those who come meanwhile, so that they keep their order. */
  readonly #inspections = new Map<string, Promise<PooledModel>>();
  /** Loading and unloading, one after the other: each decides on what the one before has left. */
  #changes: Promise<unknown> = Promise.resolve();
  #left: (() => void) | undefined;
  /** Those in their slot who wait for no loading. */
  #working = 0;

  constructor(
    private readonly child: ChildSupervisor,
    private readonly options: PoolOptions,
  ) {
    child.onExit = () => {
      for (const model of this.#models.values()) {
        model.loading = undefined;
        model.resident = false;
        model.adapters.lost();
      }
    };
  }

  /** Runs `work` in a slot of the loaded model. */
  async use<T>(
    path: string,
    signal: AbortSignal,
    report: (event: EngineEvent) => void,
    work: (model: PooledModel) => Promise<T>,
    adapters: readonly AdapterUse[] = [],
  ): Promise<T> {
    const model = await this.#inspected(path);
    // Wrong ones are told before anything waits or loads.
    await model.adapters.check(adapters);
    await model.turns.enter(signal, (position) => report({ type: 'queued', position }));
    try {
      await this.#loaded(model, report);
      throwIfAborted(signal);
      model.usedAt = performance.now();
      const working = async () => {
        this.#working++;
        return work(model).finally(() => this.#working--);
      };
      if (adapters.length === 0) return await working();
      return await model.adapters.use(adapters, (change) => this.#change(change), working);
    } finally {
      model.turns.leave();
      this.#left?.();
    }
  }

  /** Frees the model's memory once its running answers have ended. */
  async unload(path: string): Promise<void> {
    await this.#change(async () => {
      const model = this.#models.get(path);
      if (!model?.resident) return;
      while (!model.turns.idle) await this.#someoneLeaves();
      await this.#drop(model);
    });
  }

  /** Frees the contexts with an adapter, of every model, once the answers in them have ended. */
  async unloadAdapter(adapter: string): Promise<void> {
    await this.#change(async () => {
      for (const model of this.#models.values())
        for (const set of model.adapters.having(adapter)) {
          while (set.users > 0) await this.#someoneLeaves();
          await model.adapters.drop(set);
        }
    });
  }

  #inspected(path: string): Promise<PooledModel> {
    let inspection = this.#inspections.get(path);
    if (!inspection) {
      inspection = this.#inspect(path).finally(() => this.#inspections.delete(path));
      this.#inspections.set(path, inspection);
    }
    return inspection;
  }

  /** The checked header of the file; a native library sees no file without. */
  async #inspect(path: string): Promise<PooledModel> {
    const file = await stat(path).catch(() => undefined);
    if (!file?.isFile()) throw new DomainError('not-found', 'inference.unknown-model', 'There is no such model.');
    const version = `${file.dev}:${file.ino}:${file.size}:${file.mtimeMs}`;
    const known = this.#models.get(path);
    if (known?.version === version) return known;
    const info = await readGguf(path);
    if (known) await this.unload(path);
    const fit = this.#fit(info);
    const adapters = new AdapterSets(this.child, {
      ...{ path, memory: this.#contextMemory(info, fit.contextTokens), logger: this.options.logger },
      makeRoom: (bytes) => this.#makeRoom(model, bytes),
    });
    const model: PooledModel = {
      path,
      version,
      info,
      ...fit,
      adapters,
      turns: new Turns(this.options.parallel),
      loading: undefined,
      resident: false,
      loadCrashes: 0,
      usedAt: 0,
      watchers: new Set(),
    };
    this.#models.set(path, model);
    return model;
  }

  /** The largest context within the setting, the model's own limit and, alone, the memory budget. */
  #fit(info: GgufInfo): { contextTokens: number; memory: number } {
    const { parallel, contextTokens, memoryBytes } = this.options;
    const planned = planContext(info, { sequences: parallel, contextTokens, memoryBytes });
    if (!planned.fits)
      throw new DomainError(
        'unavailable',
        'inference.not-enough-memory',
        'The model needs more memory than it may use.',
        { neededBytes: planned.memory.total, allowedBytes: memoryBytes },
      );
    return { contextTokens: planned.contextTokens, memory: planned.memory.total };
  }

  /** What another context of the model takes beside the weights. */
  #contextMemory(info: GgufInfo, contextTokens: number): number {
    const { cache, compute } = estimateMemory(info, this.options.parallel, contextTokens);
    return cache + compute;
  }

  async #loaded(model: PooledModel, report: (event: EngineEvent) => void): Promise<void> {
    if (model.loadCrashes >= maxLoadCrashes)
      throw new DomainError('invalid', 'inference.model-unusable', 'The model file crashes the inference engine.');
    model.watchers.add(report);
    const loading = (model.loading ??= this.#load(model));
    try {
      await loading;
    } catch (error) {
      if (model.loading === loading) model.loading = undefined;
      throw error;
    } finally {
      model.watchers.delete(report);
    }
  }

  async #load(model: PooledModel): Promise<void> {
    const started = performance.now();
    try {
      await this.#change(async () => {
        await this.#makeRoom(model, model.memory);
        const { path, contextTokens } = model;
        const job = { type: 'load', model: path, contextTokens, sequences: this.options.parallel } as const;
        await this.child.run(job, undefined, (event) => model.watchers.forEach((watch) => watch(event)));
        model.resident = true;
      });
      model.loadCrashes = 0;
      this.options.logger.info(
        { model: model.info.name, contextTokens: model.contextTokens, ms: Math.round(performance.now() - started) },
        'model loaded',
      );
    } catch (error) {
      if (error instanceof DomainError && error.code === 'inference.engine-crashed') model.loadCrashes++;
      throw error;
    }
  }

  /** Room for so many more bytes of `model`: what is idle and was not used for longest goes first, adapters or models. */
  async #makeRoom(model: PooledModel, bytes: number): Promise<void> {
    const { memoryBytes } = this.options;
    const own = model.resident ? model.memory : 0;
    const tooMuch = () =>
      new DomainError(
        'unavailable',
        'inference.not-enough-memory',
        'The model with its adapters needs more memory than it may use.',
        { neededBytes: own + bytes, allowedBytes: memoryBytes },
      );
    if (own + bytes > memoryBytes) throw tooMuch();
    for (let patient = true; ;) {
      const loaded = [...this.#models.values()].filter(({ resident }) => resident);
      const used = loaded.reduce((sum, { memory, adapters }) => sum + memory + adapters.memory, 0);
      if (used + bytes <= memoryBytes) return;
      const idle = [
        ...loaded
          .filter((other) => other !== model && other.turns.idle)
          .map((other) => ({ usedAt: other.usedAt, drop: () => this.#drop(other) })),
        ...loaded.flatMap(({ adapters }) =>
          adapters.idle().map((set) => ({ usedAt: set.usedAt, drop: () => adapters.drop(set) })),
        ),
      ].sort((a, b) => a.usedAt - b.usedAt);
      if (idle[0]) await idle[0].drop();
      else if (this.#working > 0) {
        await this.#someoneLeaves();
        patient = true;
      }
      // Who was just let in has not begun yet, and who has just ended has not left.
      else if (patient) {
        patient = false;
        await turnOfEvents();
      }
      // All who hold a place wait for something to be loaded after this: nobody would ever leave.
      else throw tooMuch();
    }
  }

  async #drop(model: PooledModel): Promise<void> {
    model.loading = undefined;
    model.resident = false;
    model.adapters.lost();
    await this.child.run({ type: 'unload', model: model.path });
    this.options.logger.info({ model: model.info.name }, 'model unloaded');
  }

  #someoneLeaves(): Promise<void> {
    return new Promise((resolve) => (this.#left = resolve));
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(work);
    this.#changes = result.catch(() => undefined);
    return result;
  }
}
