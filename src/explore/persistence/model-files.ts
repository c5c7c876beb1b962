import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { readGguf, type GgufInfo } from '@app/gguf';
import { DomainError } from '@app/kernel';
import { notAModel } from '../domain/errors.js';
import { PartialFile } from './partial-file.js';
import { readChunks } from './read-chunks.js';

/** A partial file that nobody resumed for so long is removed at the next start. */
const PARTIAL_KEPT_MS = 7 * 24 * 3600 * 1000;

/** The models folder: `<digest>.gguf` for each complete file, `.partial/<key>.part` for what is on its way. */
export class ModelFiles {
  constructor(readonly folder: string) {}

  get partialFolder(): string {
    return join(this.folder, '.partial');
  }

  pathOf(digest: string): string {
    return join(this.folder, `${digest}.gguf`);
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

  /** The size of the model's file; null when it is not there. */
  async sizeOf(digest: string): Promise<number | null> {
    return stat(this.pathOf(digest)).then(
      (file) => (file.isFile() ? file.size : null),
      () => null,
    );
  }

  async digestOf(digest: string, signal: AbortSignal): Promise<string> {
    await using handle = await open(this.pathOf(digest), 'r');
    const hash = createHash('sha256');
    for await (const chunk of readChunks(handle, 0, signal)) hash.update(chunk);
    return hash.digest('hex');
  }

  /** Reads the header with the limits of libs/gguf; a native library sees the file only after this. */
  async header(file: string): Promise<GgufInfo> {
    return readGguf(file).catch((error: unknown) => {
      if (error instanceof DomainError && error.code.startsWith('gguf.')) throw notAModel(error.message);
      throw error;
    });
  }

  /** Makes a complete partial file the model's file: all or nothing, also when the power fails. */
  async adopt(partial: PartialFile, digest: string): Promise<void> {
    await partial.sync();
    await rename(partial.path, this.pathOf(digest));
    await syncFolder(this.folder);
  }

  async remove(digest: string): Promise<void> {
    await rm(this.pathOf(digest), { force: true });
  }

  async removeOldPartials(now: Date): Promise<void> {
    for (const name of await readdir(this.partialFolder).catch(() => [])) {
      const path = join(this.partialFolder, name);
      const age = now.getTime() - (await stat(path)).mtimeMs;
      if (age > PARTIAL_KEPT_MS) await rm(path, { recursive: true, force: true });
    }
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; its rename is durable enough without.
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}
