import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type GgufInfo, parseGguf, readGguf } from '@app/gguf';
import { DomainError } from '@app/kernel';
import type { Expected, ObjectStorage } from '@app/storage';
import { notAModel } from '../domain/errors.js';
import { PartialFile } from './partial-file.js';

/** A partial file that nobody resumed for so long is removed at the next start. */
const PARTIAL_KEPT_MS = 7 * 24 * 3600 * 1000;

/** Model files: complete ones in the storage as `<digest>.gguf`; what is on its way in the models folder, `.partial/`. */
export class ModelFiles {
  constructor(
    readonly folder: string,
    private readonly storage: ObjectStorage,
  ) {}

  /** For people: where the complete files are. */
  get location(): string {
    return this.storage.location;
  }

  get partialFolder(): string {
    return join(this.folder, '.partial');
  }

  /** Opens what was received of `key` (a digest or the id of an entry), or an empty file. */
  async openPartial(key: string): Promise<PartialFile> {
    await mkdir(this.partialFolder, { recursive: true });
    // Ids hold characters that a file name may not; a digest of them is always a safe name.
    const name = /^[0-9a-f]{64}$/.test(key) ? key : createHash('sha256').update(key).digest('hex');
    return PartialFile.open(join(this.partialFolder, `${name}.part`));
  }

  /** Bytes that an unprivileged writer may still use on the disk of the models. */
  async freeBytes(): Promise<number> {
    await mkdir(this.folder, { recursive: true });
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  /** Sizes of all stored models, by digest. */
  async sizes(): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    for (let after: string | undefined; ;) {
      const { objects, next } = await this.storage.list('', { after });
      for (const { key, sizeBytes } of objects) sizes.set(key.replace(/\.gguf$/, ''), sizeBytes);
      if (next === null) return sizes;
      after = next;
    }
  }

  /** The size of the stored model; null when it is not there. */
  async sizeOf(digest: string): Promise<number | null> {
    return (await this.storage.stat(keyOf(digest)))?.sizeBytes ?? null;
  }

  /** The digest that the stored model has: as the storage noted when it was put there, else of its bytes. */
  async digestOf(digest: string, signal: AbortSignal): Promise<string> {
    const noted = (await this.storage.stat(keyOf(digest)))?.sha256;
    if (noted) return noted;
    const hash = createHash('sha256');
    for await (const chunk of this.storage.get(keyOf(digest), {}, signal)) hash.update(chunk);
    return hash.digest('hex');
  }

  /** Reads the header with the limits of libs/gguf; a native library sees the file only after this. */
  async header(file: string): Promise<GgufInfo> {
    return asModel(readGguf(file));
  }

  /** The same of a stored model. */
  async storedHeader(digest: string, size: number): Promise<GgufInfo> {
    const read = async (from: number, length: number) => {
      const chunks: Buffer[] = [];
      for await (const chunk of this.storage.get(keyOf(digest), { from, length })) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks);
    };
    return asModel(parseGguf({ size, read }));
  }

  /** Makes a complete and checked partial file the model's file: all or nothing, also when the power fails. */
  async adopt(partial: PartialFile, expected: Expected, signal: AbortSignal): Promise<void> {
    await partial.sync();
    await this.storage.adopt(keyOf(expected.sha256), partial.path, expected, signal);
  }

  /**
   * Stores the copy that the models folder may have of a model that the storage lacks, as after a change of STORAGE_URL.
   * False when there is none.
   */
  async storeCopy(expected: Expected): Promise<boolean> {
    const copy = join(this.folder, keyOf(expected.sha256));
    const found = await stat(copy).catch(() => null);
    if (found?.size !== expected.sizeBytes || this.storage.localPath(keyOf(expected.sha256)) === copy) return false;
    await this.storage.put(keyOf(expected.sha256), createReadStream(copy, { highWaterMark: 2 ** 20 }), expected);
    return true;
  }

  async remove(digest: string): Promise<void> {
    await this.storage.delete(keyOf(digest));
  }

  async removeOldPartials(now: Date): Promise<void> {
    for (const name of await readdir(this.partialFolder).catch(() => [])) {
      const path = join(this.partialFolder, name);
      const age = now.getTime() - (await stat(path)).mtimeMs;
      if (age > PARTIAL_KEPT_MS) await rm(path, { recursive: true, force: true });
    }
  }
}

const keyOf = (digest: string): string => `${digest}.gguf`;

async function asModel(reading: Promise<GgufInfo>): Promise<GgufInfo> {
  return reading.catch((error: unknown) => {
    if (error instanceof DomainError && error.code.startsWith('gguf.')) throw notAModel(error.message);
    throw error;
  });
}
