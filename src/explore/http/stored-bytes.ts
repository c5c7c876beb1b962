import type { SentFile } from '@app/http';
import type { ObjectStorage } from '@app/storage';

/** The bytes of a stored object, as answers send them. */
export const storedBytes =
  (storage: ObjectStorage, key: string): SentFile['read'] =>
  (start, end, signal) =>
    storage.get(key, { from: start, length: end - start + 1 }, signal);
