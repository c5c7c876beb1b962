import { createHash, randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { ObjectStorage } from '@app/storage';
import { Uploads } from './uploads.js';

/** The pieces of uploads, each an object of the storage, so that any process takes the next one. */
@Injectable()
export class UploadBytes {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly uploads: Uploads,
  ) {}

  /** Stores a piece under a key of its own: of two that claim the same place, one is forgotten and neither is mixed. */
  async put(uploadId: string, bytes: Buffer, signal: AbortSignal): Promise<string> {
    const key = `${prefixOf(uploadId)}${randomUUID()}`;
    // Hashed once, when the file is whole.
    await this.storage.put(key, only(bytes), { sha256: null, sizeBytes: bytes.length }, signal);
    return key;
  }

  async forget(key: string): Promise<void> {
    await this.storage.delete(key);
  }

  /** Of all these uploads together. */
  async sizeOf(uploadIds: readonly string[]): Promise<number> {
    const parts = await Promise.all(uploadIds.map((id) => this.uploads.partsOf(id)));
    return parts.flat().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Writes the whole file to `path`, and answers its SHA-256. */
  async assemble(
    uploadId: string,
    path: string,
    signal: AbortSignal,
    report: (bytes: number) => void,
  ): Promise<string> {
    const hash = createHash('sha256');
    await using file = await open(path, 'w', 0o600);
    for (const { key } of await this.uploads.partsOf(uploadId)) {
      for await (const chunk of this.storage.get(key, {}, signal)) {
        // The disk and the hash are at work at the same time.
        const writing = file.writeFile(chunk);
        hash.update(chunk);
        await writing;
        report(chunk.length);
      }
    }
    await file.sync();
    return hash.digest('hex');
  }

  /** Removes uploads with all that ever came of them, pieces that never counted included. */
  async remove(uploadIds: readonly string[]): Promise<void> {
    for (const id of uploadIds) {
      for (let after: string | undefined; ;) {
        const { objects, next } = await this.storage.list(prefixOf(id), { after });
        for (let at = 0; at < objects.length; at += AT_ONCE)
          await Promise.all(objects.slice(at, at + AT_ONCE).map(({ key }) => this.storage.delete(key)));
        if (next === null) break;
        after = next;
      }
    }
    await this.uploads.remove([...uploadIds]);
  }
}

/** Objects that are deleted at once. */
const AT_ONCE = 16;

const prefixOf = (uploadId: string): string => `uploads/${uploadId}/`;

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
