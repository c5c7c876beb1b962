import { randomUUID } from 'node:crypto';
import { access, constants, copyFile, type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError } from '@app/kernel';
import { checked } from './checked-bytes.js';
import { requireKey, requirePrefix } from './object-key.js';
import {
  type ByteRange,
  type Expected,
  type ObjectPage,
  ObjectStorage,
  type SizeAlone,
  type StoredObject,
} from './object-storage.js';
import { notFound, storageFull, storageUnavailable, wrongSize } from './problems.js';

/** What is on its way lies beside the objects, on the same disk; no key begins with a dot. */
const PARTIAL = '.partial';
const CHUNK_BYTES = 2 ** 20;

/** Objects as files of a folder, which several processes and machines may share. */
export class FolderStorage extends ObjectStorage {
  constructor(private readonly folder: string) {
    super();
  }

  get location(): string {
    return this.folder;
  }

  localPath(key: string): string | null {
    return this.pathOf(key);
  }

  async put(
    key: string,
    bytes: AsyncIterable<Uint8Array>,
    expected: Expected | SizeAlone,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.place(key, async (partial) => {
      await using file = await open(partial, 'wx', 0o644);
      for await (const chunk of checked(bytes, expected, signal)) await file.writeFile(chunk);
      await file.sync();
    });
  }

  async adopt(key: string, path: string, { sizeBytes }: Expected, signal?: AbortSignal): Promise<void> {
    await this.place(key, async (partial) => {
      signal?.throwIfAborted();
      await move(path, partial);
      await using file = await open(partial, 'r+');
      const { size } = await file.stat();
      if (size !== sizeBytes) throw wrongSize(sizeBytes, size);
      await file.sync();
    });
  }

  async *get(key: string, { from = 0, length = Infinity }: ByteRange = {}, signal?: AbortSignal) {
    const path = this.pathOf(key);
    await using file = await translated(() => openFile(path, key));
    let [at, left] = [from, length];
    const readInto = (buffer: Buffer) => translated(() => file.read(buffer, 0, Math.min(buffer.length, left), at));
    // Two, so that one is filled while the caller works with the other.
    const buffers = [0, 1].map(() => Buffer.allocUnsafe(Math.min(CHUNK_BYTES, length)));
    let coming = left > 0 ? readInto(buffers[0]!) : null;
    try {
      for (let turn = 0; coming; turn++) {
        signal?.throwIfAborted();
        const { bytesRead, buffer } = await coming;
        coming = null;
        if (bytesRead === 0) return;
        at += bytesRead;
        left -= bytesRead;
        if (left > 0) {
          coming = readInto(buffers[(turn + 1) % 2]!);
          // It is waited for above; meanwhile its failure must not count as nobody's.
          coming.catch(() => undefined);
        }
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      // Closing a file that is being read would be an error of its own.
      await coming?.catch(() => undefined);
    }
  }

  async stat(key: string): Promise<StoredObject | null> {
    const path = this.pathOf(key);
    return translated(() => statOf(path, key));
  }

  async delete(key: string): Promise<void> {
    const path = this.pathOf(key);
    await translated(() => rm(path, { force: true }));
  }

  async list(
    prefix: string,
    { after = '', limit = 1000 }: { after?: string; limit?: number } = {},
  ): Promise<ObjectPage> {
    requirePrefix(prefix);
    const keys = await translated(() => keysBelow(this.folder, ''));
    const wanted = keys.filter((key) => key.startsWith(prefix) && key > after).toSorted();
    const found = await Promise.all(wanted.slice(0, limit).map((key) => this.stat(key)));
    const objects = found.filter((object) => object !== null);
    return { objects, next: wanted.length > limit ? wanted[limit - 1]! : null };
  }

  async presign(): Promise<null> {
    return null;
  }

  async check(): Promise<void> {
    await translated(async () => {
      await mkdir(this.folder, { recursive: true });
      await access(this.folder, constants.R_OK);
      // Mounted for reading alone, it is as it should be: who only delivers files never writes.
      await access(this.folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EROFS') throw error;
      });
    });
  }

  close(): void {}

  private pathOf(key: string): string {
    requireKey(key);
    return join(this.folder, key);
  }

  /** `fill` makes the partial file; it becomes the object when that succeeded, and goes when not. */
  private async place(key: string, fill: (partial: string) => Promise<void>): Promise<void> {
    const path = this.pathOf(key);
    const partial = join(this.folder, PARTIAL, `${randomUUID()}.part`);
    await translated(async () => {
      await mkdir(dirname(partial), { recursive: true });
      await mkdir(dirname(path), { recursive: true });
      try {
        await fill(partial);
        await rename(partial, path);
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
      await syncFolder(dirname(path));
    });
  }
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await copyFile(from, to);
    await rm(from);
  }
}

async function openFile(path: string, key: string): Promise<FileHandle> {
  return open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw isAbsent(error) ? notFound(key) : error;
  });
}

async function statOf(path: string, key: string): Promise<StoredObject | null> {
  try {
    const file = await stat(path);
    return file.isFile() ? { key, sizeBytes: file.size, modifiedAt: file.mtime, sha256: null } : null;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

async function keysBelow(folder: string, key: string): Promise<string[]> {
  const entries = await readdir(join(folder, key), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  const keys = entries.map(async (entry) => {
    const name = key ? `${key}/${entry.name}` : entry.name;
    if (entry.name.startsWith('.')) return [];
    return entry.isDirectory() ? keysBelow(folder, name) : [name];
  });
  return (await Promise.all(keys)).flat();
}

const isAbsent = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** What the disk says, in the terms of the port. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Node has names of its own for some: ERR_FS_EISDIR.
    const code = /^(?:ERR_FS_)?(E[A-Z0-9]+)$/.exec((error as NodeJS.ErrnoException).code ?? '')?.[1];
    if (error instanceof DomainError || !code) throw error;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw storageFull(error);
    throw storageUnavailable(code, error);
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; its rename is durable enough without.
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}
