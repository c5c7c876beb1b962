import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileSource } from '@app/gguf';
import { DomainError } from '@app/kernel';
import { checkGgufAdapterFits, type GgufBase, readGgufAdapter, readGgufBase } from '@app/lora';
import type { AdapterUse } from '../../domain/engine.js';
import type { EngineLogger } from '../engine-logger.js';
import type { ChildSupervisor } from './child-supervisor.js';

/** Contexts of one model with one set of adapters. */
interface AdapterSet {
  readonly adapters: readonly AdapterUse[];
  readonly memory: number;
  /** Set from the first wish to open it until it is dropped. */
  opening: Promise<void> | undefined;
  /** It occupies memory. */
  resident: boolean;
  users: number;
  usedAt: number;
  crashes: number;
}

interface Owner {
  path: string;
  /** Bytes of the contexts of one set, beside its files. */
  memory: number;
  logger: EngineLogger;
  /** Frees so many bytes, by dropping what is idle; called alone, see `change`. */
  makeRoom(bytes: number): Promise<void>;
}

/** A set that killed the child so often while it was opened is not tried again until the model changes. */
const mostCrashes = 2;

/**
 * The sets of adapters that a loaded model has contexts for. llama.cpp takes adapters a context, so a set is opened when it
 * is first asked for, shared by all who ask for it, and closed when its memory is wanted.
 */
export class AdapterSets {
  readonly #sets = new Map<string, AdapterSet>();
  /** Files that were found to fit, with the content they had then. */
  readonly #checked = new Map<string, { version: string; bytes: number }>();
  #base: Promise<GgufBase> | undefined;

  constructor(
    private readonly child: ChildSupervisor,
    private readonly owner: Owner,
  ) {}

  /** Bytes of all sets that are open. */
  get memory(): number {
    return this.#resident().reduce((sum, { memory }) => sum + memory, 0);
  }

  idle(): AdapterSet[] {
    return this.#resident().filter(({ users }) => users === 0);
  }

  having(adapter: string): AdapterSet[] {
    return this.#resident().filter(({ adapters }) => adapters.some((use) => use.adapter === adapter));
  }

  /** Refuses what is no adapter of this model by its header alone: no native library sees it. */
  async check(adapters: readonly AdapterUse[]): Promise<void> {
    for (const { adapter } of adapters) {
      const file = await stat(adapter).catch(() => undefined);
      if (!file?.isFile())
        throw new DomainError('not-found', 'inference.unknown-adapter', 'The file of the adapter is not here.');
      const version = `${file.ino}:${file.size}:${file.mtimeMs}`;
      if (this.#checked.get(adapter)?.version === version) continue;
      this.#base ??= readBase(this.owner.path);
      await using handle = await open(adapter, 'r');
      checkGgufAdapterFits(await readGgufAdapter(await fileSource(handle)), await this.#base);
      this.#checked.set(adapter, { version, bytes: file.size });
    }
  }

  /** Runs `work` while the contexts of these adapters are open. `change`: one piece of loading at a time, of all models. */
  async use<T>(
    adapters: readonly AdapterUse[],
    change: (work: () => Promise<void>) => Promise<void>,
    work: () => Promise<T>,
  ): Promise<T> {
    const set = this.#set(adapters);
    set.users++;
    try {
      const opening = (set.opening ??= change(() => this.#open(set)));
      await opening.catch((error: unknown) => {
        if (set.opening === opening) set.opening = undefined;
        throw error;
      });
      set.usedAt = performance.now();
      return await work();
    } finally {
      set.users--;
    }
  }

  async drop(set: AdapterSet): Promise<void> {
    set.opening = undefined;
    set.resident = false;
    await this.child.run({ type: 'close', model: this.owner.path, adapters: [...set.adapters] });
    this.owner.logger.info(about(set), 'adapters unloaded');
  }

  /** The model is not loaded any more, and nothing on top of it. */
  lost(): void {
    for (const set of this.#sets.values()) {
      set.opening = undefined;
      set.resident = false;
    }
  }

  async #open(set: AdapterSet): Promise<void> {
    if (set.crashes >= mostCrashes)
      throw new DomainError('invalid', 'inference.adapter-unusable', 'The adapter crashes the inference engine.');
    await this.owner.makeRoom(set.memory);
    try {
      await this.child.run({ type: 'open', model: this.owner.path, adapters: [...set.adapters] });
    } catch (error) {
      if (error instanceof DomainError && error.code === 'inference.engine-crashed') set.crashes++;
      throw error;
    }
    set.resident = true;
    set.crashes = 0;
    this.owner.logger.info(about(set), 'adapters loaded');
  }

  #set(adapters: readonly AdapterUse[]): AdapterSet {
    const key = JSON.stringify(adapters.map(({ adapter, scale }) => [adapter, scale]));
    let set = this.#sets.get(key);
    if (!set) {
      const files = adapters.reduce((sum, { adapter }) => sum + (this.#checked.get(adapter)?.bytes ?? 0), 0);
      set = {
        ...{ adapters, memory: this.owner.memory + files, opening: undefined, resident: false },
        ...{ users: 0, usedAt: 0, crashes: 0 },
      };
      // What was closed needs no note; those that crash keep theirs.
      for (const [other, { opening, users, crashes }] of this.#sets)
        if (!opening && users === 0 && crashes === 0) this.#sets.delete(other);
      this.#sets.set(key, set);
    }
    return set;
  }

  #resident(): AdapterSet[] {
    return [...this.#sets.values()].filter(({ resident }) => resident);
  }
}

const about = ({ adapters }: AdapterSet) => ({
  adapters: adapters.map(({ adapter }) => basename(adapter)),
  scales: adapters.map(({ scale }) => scale),
});

async function readBase(path: string): Promise<GgufBase> {
  await using handle = await open(path, 'r');
  return await readGgufBase(await fileSource(handle));
}
