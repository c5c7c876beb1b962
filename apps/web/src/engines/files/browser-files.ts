import { EngineError } from '../errors.js';
import { WorkerCalls } from '../worker-calls.js';
import { database, type StoredFile } from './database.js';
import { modelsFolder } from './download.js';

export type { StoredFile } from './database.js';

/** A file that the server delivers, under what it will be kept as. */
export interface WantedFile {
  digest: string;
  name: string;
  kind: StoredFile['kind'];
  encoding: StoredFile['encoding'];
  sizeBytes: number;
  /** Where the bytes are now; asked for only when they are not here. */
  locate(): Promise<{ url: string; headers?: Record<string, string> }>;
}

export interface Quota {
  usedBytes: number;
  /** What the browser grants at most. */
  quotaBytes: number;
  /** The browser promised to clear nothing by itself. */
  persisted: boolean;
}

/**
 * Models and adapters in the origin's own file system, each under its SHA-256. Two tabs that want the same file share
 * one download; what came before a reload is gone on with.
 */
export class BrowserFiles {
  private readonly worker = new WorkerCalls(
    () => new Worker(new URL('./files.worker.ts', import.meta.url), { type: 'module', name: 'files' }),
  );

  async list(): Promise<StoredFile[]> {
    const files = await (await database()).getAll('files');
    return files.toSorted((a, b) => b.usedAt.localeCompare(a.usedAt));
  }

  /** The file if all of it is here. */
  async find(digest: string): Promise<File | null> {
    const db = await database();
    const known = await db.get('files', digest);
    if (!known?.complete) return null;
    try {
      const file = await (await (await modelsFolder()).getFileHandle(digest)).getFile();
      if (file.size !== known.sizeBytes) throw new DOMException('another size', 'NotFoundError');
      await db.put('files', { ...known, usedAt: new Date().toISOString() });
      return file;
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw error;
      // The browser cleared it.
      await db.delete('files', digest);
      return null;
    }
  }

  /** The file, fetched if it is not here. Rejects with an `EngineError` `files.…`; what arrived is kept for the next time. */
  async fetch(
    wanted: WantedFile,
    { signal, onProgress }: { signal?: AbortSignal; onProgress?(receivedBytes: number): void } = {},
  ): Promise<File> {
    const { locate, ...file } = wanted;
    const { digest } = file;
    return alone(digest, () =>
      withQuota(async () => {
        const here = await this.find(digest);
        if (here) return here;
        await this.requireRoom(file.sizeBytes);
        const db = await database();
        const now = new Date().toISOString();
        await db.put('files', { ...file, complete: false, addedAt: now, usedAt: now });
        const { url, headers = {} } = await locate();
        const args = { digest, url, sizeBytes: file.sizeBytes, headers };
        try {
          await this.worker.call('download', args, { signal, onEvent: (bytes) => onProgress?.(bytes as number) });
        } catch (error) {
          if (error instanceof EngineError && /wrong|format/.test(error.code)) await db.delete('files', digest);
          throw error;
        }
        await db.put('files', { ...file, complete: true, addedAt: now, usedAt: now });
        return (await this.find(digest))!;
      }),
    );
  }

  /** What has come of a file so far. */
  async receivedBytes(digest: string): Promise<number> {
    try {
      return (await (await (await modelsFolder()).getFileHandle(digest)).getFile()).size;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return 0;
      throw error;
    }
  }

  async remove(digest: string): Promise<void> {
    await alone(digest, async () => {
      await (await database()).delete('files', digest);
      await (await modelsFolder()).removeEntry(digest).catch((error: DOMException) => {
        if (error.name !== 'NotFoundError') throw error;
      });
    });
  }

  async quota(): Promise<Quota> {
    const [{ usage = 0, quota = 0 }, persisted] = await Promise.all([
      navigator.storage.estimate(),
      navigator.storage.persisted(),
    ]);
    return { usedBytes: usage, quotaBytes: quota, persisted };
  }

  /** Asks the browser to clear nothing by itself; it may say no. */
  persist(): Promise<boolean> {
    return navigator.storage.persist();
  }

  /** Said before the first byte comes; the browser's figures are rough, so a full disk may still be found later. */
  private async requireRoom(sizeBytes: number): Promise<void> {
    const { usedBytes, quotaBytes } = await this.quota();
    if (quotaBytes > 0 && quotaBytes - usedBytes < sizeBytes) throw new EngineError('files.quota-full');
  }
}

export const browserFiles = new BrowserFiles();

/** The database needs room as well. */
async function withQuota<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'QuotaExceededError') throw new EngineError('files.quota-full');
    throw error;
  }
}

/** One tab at a time; the lock is given back when a tab is closed. */
const alone = async <T>(digest: string, work: () => Promise<T>): Promise<T> =>
  await navigator.locks.request(`parley.file.${digest}`, work);
