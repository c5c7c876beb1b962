import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '@app/kernel';
import type { Expected, ObjectStorage } from '@app/storage';

/** Broken connections in a row without a new byte between them. */
const FRUITLESS_TRIES = 5;

/**
 * Writes an object into a new file, to its last byte on the disk, checked. A connection that breaks is opened again where
 * it broke.
 * @param report how far it is, 0 to 1
 */
export async function receive(
  storage: ObjectStorage,
  key: string,
  { sha256, sizeBytes }: Expected,
  path: string,
  signal: AbortSignal,
  report: (progress: number) => void,
): Promise<void> {
  await using file = await open(path, 'wx', 0o644);
  const hash = createHash('sha256');
  let received = 0;
  for (let tries = 0; received < sizeBytes; tries++) {
    const before = received;
    try {
      for await (const chunk of storage.get(key, { from: received }, signal)) {
        await file.writeFile(chunk);
        hash.update(chunk);
        received += chunk.length;
        report(received / sizeBytes);
      }
      if (received < sizeBytes) throw damaged();
    } catch (error) {
      signal.throwIfAborted();
      if (received > before) tries = 0;
      const passing = error instanceof DomainError && error.code === 'storage.unavailable';
      if (!passing || tries >= FRUITLESS_TRIES) throw error;
      await sleep(200 * 2 ** tries, undefined, { signal });
    }
  }
  if (received !== sizeBytes || hash.digest('hex') !== sha256) throw damaged();
  await file.sync();
}

const damaged = () =>
  new DomainError('invalid', 'inference.model-unusable', 'The stored file of this model is damaged. Install it again.');
