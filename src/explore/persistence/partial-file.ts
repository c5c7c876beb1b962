import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { readChunks } from './read-chunks.js';

/** A file on its way, hashed while it grows. */
export class PartialFile implements AsyncDisposable {
  private hash: Hash = createHash('sha256');
  private length = 0;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    /** Bytes that lay here when it was opened; hashed by `restore`. */
    readonly foundBytes: number,
  ) {}

  static async open(path: string): Promise<PartialFile> {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    return new PartialFile(path, handle, (await handle.stat()).size);
  }

  /** Bytes that are in the file and in the hash. */
  get receivedBytes(): number {
    return this.length;
  }

  /** Takes up what an earlier attempt left; more than `most` cannot be right and is thrown away. */
  async restore(most: number, signal: AbortSignal): Promise<void> {
    if (this.foundBytes > most) return this.restart();
    this.hash = createHash('sha256');
    this.length = 0;
    for await (const chunk of readChunks(this.handle, 0, signal)) {
      this.hash.update(chunk);
      this.length += chunk.length;
    }
  }

  async restart(): Promise<void> {
    await this.handle.truncate(0);
    this.hash = createHash('sha256');
    this.length = 0;
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const { bytesWritten } = await this.handle.write(chunk, done, chunk.length - done, this.length + done);
      done += bytesWritten;
    }
    this.hash.update(chunk);
    this.length += chunk.length;
  }

  /** SHA-256 of all received bytes, hex. */
  digest(): string {
    return this.hash.copy().digest('hex');
  }

  sync(): Promise<void> {
    return this.handle.sync();
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.handle.close();
  }
}
