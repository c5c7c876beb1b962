import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { Config } from '@app/config';
import { DomainError } from '@app/kernel';
import { ObjectStorage } from '@app/storage';
import { receive } from './receive-object.js';

interface Fetching {
  readonly done: Promise<void>;
  /** Who waits for it, and how each is told of the progress, 0 to 1. */
  readonly watchers: Set<(progress: number) => void>;
  readonly stop: AbortController;
}

const FILE = /^([0-9a-f]{64})\.gguf$/;
/** Of the models folder: copies of adapters. */
const ADAPTERS = '.adapters';

/**
 * The model files that engines of this process can open: where the storage has them as files, or copies of them in the
 * models folder, fetched when they are first wanted.
 */
@Injectable()
export class LocalModels {
  private readonly logger = new Logger('Models');
  private readonly folder: string;
  private readonly fetching = new Map<string, Fetching>();
  /** Keys of adapters that were asked for, by their path here; models have their path's name for a key. */
  private readonly adapterKeys = new Map<string, string>();

  constructor(
    { models }: Config,
    private readonly storage: ObjectStorage,
  ) {
    this.folder = models.dir;
  }

  /** The path that the file of this digest has, or will have once it is fetched. */
  pathOf(digest: string): string {
    const key = `${digest}.gguf`;
    return this.storage.localPath(key) ?? join(this.folder, key);
  }

  /** The same for the file of an adapter, which lies under `key` in the storage. */
  adapterPath(sha256: string, key: string): string {
    const here = this.storage.localPath(key);
    if (here !== null) return here;
    const path = join(this.folder, ADAPTERS, `${sha256}.gguf`);
    this.adapterKeys.set(path, key);
    return path;
  }

  /** The paths that the file of an adapter may have here. */
  adapterPaths(sha256: string, versionIds: readonly string[]): string[] {
    const keys = versionIds.map((id) => this.storage.localPath(`adapters/${id}/${sha256}.gguf`));
    return [join(this.folder, ADAPTERS, `${sha256}.gguf`), ...keys.filter((path) => path !== null)];
  }

  /** The adapter is deleted: its copy goes. */
  async forgetAdapter(sha256: string): Promise<void> {
    const path = join(this.folder, ADAPTERS, `${sha256}.gguf`);
    this.adapterKeys.delete(path);
    const fetching = this.fetching.get(path);
    if (fetching) this.abandon(path, fetching);
    await rm(path, { force: true });
  }

  /** Whether `path` is a copy that is not here yet. */
  async lacks(path: string): Promise<boolean> {
    const digest = FILE.exec(basename(path))?.[1];
    if (!digest || !(this.adapterKeys.has(path) || this.isCopyOfModel(path, digest))) return false;
    return !(await stat(path).catch(() => null))?.isFile();
  }

  /** Those who want the same file share one download; it ends when the last of them has left. */
  async fetch(path: string, signal: AbortSignal, watch: (progress: number) => void): Promise<void> {
    let fetching = this.fetching.get(path);
    if (!fetching) {
      const [watchers, stop] = [new Set<(progress: number) => void>(), new AbortController()];
      const report = (progress: number) => watchers.forEach((tell) => tell(progress));
      const done = this.bring(path, stop.signal, report);
      fetching = { done, watchers, stop };
      const mine = fetching;
      this.fetching.set(path, mine);
      // Whoever left early does not hear of its end.
      done.catch(() => undefined).finally(() => this.abandon(path, mine));
    }
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    fetching.watchers.add(watch);
    try {
      await Promise.race([fetching.done, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      fetching.watchers.delete(watch);
      if (fetching.watchers.size === 0) this.abandon(path, fetching);
    }
  }

  /** The model is not installed any more: a copy goes, what the storage itself has does not. */
  async forget(digest: string): Promise<void> {
    const path = this.pathOf(digest);
    const fetching = this.fetching.get(path);
    if (fetching) this.abandon(path, fetching);
    if (this.storage.localPath(basename(path)) === null) await rm(path, { force: true });
  }

  /** Who comes from now on begins anew. */
  private abandon(path: string, fetching: Fetching): void {
    if (this.fetching.get(path) === fetching) this.fetching.delete(path);
    fetching.stop.abort();
  }

  private isCopyOfModel(path: string, digest: string): boolean {
    return path === this.pathOf(digest) && this.storage.localPath(basename(path)) === null;
  }

  private async bring(path: string, signal: AbortSignal, report: (progress: number) => void): Promise<void> {
    const key = this.adapterKeys.get(path) ?? basename(path);
    const sha256 = FILE.exec(basename(path))?.[1] ?? '';
    const found = await this.storage.stat(key);
    if (!found) throw gone();
    const started = performance.now();
    const partial = join(this.folder, '.partial', `${sha256}-${randomUUID()}.part`);
    try {
      await mkdir(join(this.folder, '.partial'), { recursive: true });
      await receive(this.storage, key, { sha256, sizeBytes: found.sizeBytes }, partial, signal, report);
      await mkdir(dirname(path), { recursive: true });
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      signal.throwIfAborted();
      throw unusable(error);
    }
    const ms = Math.round(performance.now() - started);
    this.logger.log({ msg: `A model file was fetched from ${this.storage.location}.`, file: key, ms });
  }
}

const gone = () =>
  new DomainError('unavailable', 'inference.model-not-stored', 'The file of this model is not in the storage.');

function unusable(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof DomainError || !code) return error;
  const reason = `The models folder cannot hold the model (${code}).`;
  return new DomainError('unavailable', 'inference.models-folder-unusable', reason, { code }, { cause: error });
}
