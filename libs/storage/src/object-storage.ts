export interface StoredObject {
  key: string;
  sizeBytes: number;
  modifiedAt: Date;
  /** SHA-256 in hex that it was stored under; null when the storage keeps no note of it. */
  sha256: string | null;
}

/** What the bytes have to be. */
export interface Expected {
  /** Hex. */
  sha256: string;
  sizeBytes: number;
}

/** Bytes that nobody knows the digest of. */
export interface SizeAlone {
  sha256: null;
  sizeBytes: number;
}

export interface ObjectPage {
  /** In the order of their keys, by UTF-8. */
  objects: StoredObject[];
  /** To be given as `after` for the next page; null on the last one. */
  next: string | null;
}

/** What the answer to a presigned URL says of the bytes, beside what the storage itself knows. */
export interface PresignedHeaders {
  cacheControl: string;
  contentDisposition: string;
  contentType: string;
}

/** From byte `from` on (default 0), at most `length` bytes (default all). */
export interface ByteRange {
  from?: number;
  length?: number;
}

/**
 * Large files under keys: `a-Z 0-9 . _ -` in parts that begin with no dot, joined by `/`, 512 characters at most. An
 * object is there as a whole or not at all, for readers and after a crash, and is replaced as a whole.
 *
 * Errors are DomainErrors: `storage.invalid-key`, `storage.not-found`, `storage.wrong-digest`, `storage.wrong-size`,
 * `storage.full`, `storage.unavailable` (it does not answer or refuses; a later try may work). A signal that aborts ends
 * the call with its reason.
 */
export abstract class ObjectStorage {
  /** For people: where it is, without secrets. */
  abstract readonly location: string;
  /** Stores the bytes if they are the expected ones. */
  abstract put(
    key: string,
    bytes: AsyncIterable<Uint8Array>,
    expected: Expected | SizeAlone,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Takes over a complete local file that the caller has checked; the file is gone afterwards, moved if it can be. */
  abstract adopt(key: string, path: string, expected: Expected, signal?: AbortSignal): Promise<void>;
  /** A chunk is done with before the next is asked for. */
  abstract get(key: string, range?: ByteRange, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Null when there is no such object. */
  abstract stat(key: string): Promise<StoredObject | null>;
  /** Also succeeds when there is no such object. */
  abstract delete(key: string): Promise<void>;
  /** Objects whose key begins with `prefix` and comes after `after`, `limit` (1 to 1,000, the default) at most. */
  abstract list(prefix: string, page?: { after?: string; limit?: number }): Promise<ObjectPage>;
  /**
   * A URL that anybody may read the object at for so many seconds (at most 302,400) at least, and twice as long at most;
   * null when this storage has none. Within a window of that length it is the same URL, so that caches know it again.
   */
  abstract presign(key: string, seconds: number, headers?: PresignedHeaders): Promise<string | null>;
  /** Where the object is a file of this machine (there or not); null when it must be fetched. */
  abstract localPath(key: string): string | null;
  /** Whether it can be reached and may be used. @throws DomainError storage.unavailable */
  abstract check(): Promise<void>;
  abstract close(): void;
}
