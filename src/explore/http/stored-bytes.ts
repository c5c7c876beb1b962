import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { DomainError } from '@app/kernel';
import type { ObjectStorage } from '@app/storage';

const CHUNK_BYTES = 2 ** 20;

/** The bytes of a stored object from `start` to `end`, both included. */
export async function storedBytes(storage: ObjectStorage, key: string, start: number, end: number): Promise<Readable> {
  const path = storage.localPath(key);
  if (path === null) return Readable.from(copies(storage.get(key, { from: start, length: end - start + 1 })));
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new DomainError('unavailable', 'explore.file-unavailable', 'The file cannot be read now.', undefined, {
      cause: error,
    });
  });
  return file.createReadStream({ start, end, highWaterMark: CHUNK_BYTES });
}

/** The storage uses the memory of a chunk again; a response may hold it for a while. */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}
