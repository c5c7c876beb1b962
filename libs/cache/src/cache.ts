import type { z } from 'zod';

/** Longest key in characters; whoever has a longer one takes a digest of it. */
export const MOST_KEY_CHARS = 512;
/** Largest value, as JSON in UTF-8. */
export const MOST_VALUE_BYTES = 65_536;

/**
 * Values that can be had again otherwise, kept for a while. It never fails and it may forget at any time: what is not
 * found is no statement about the world.
 */
export abstract class Cache<T> {
  /** Undefined when there is none, or when it is older than its time or of another shape. */
  abstract get(key: string): Promise<T | undefined>;
  /** Keeps a JSON value for so many milliseconds. One of more than 64 KiB is not kept, which is counted, not an error. */
  abstract set(key: string, value: T, ttlMs: number): Promise<void>;
  abstract delete(key: string): Promise<void>;
}

/** Caches by name; one name is one space of keys. */
export abstract class Caches {
  /** Whether other processes see what is kept here. */
  abstract readonly shared: boolean;
  /**
   * @param name `<module>.<plural>`; also the label in the metrics
   * @param schema what a value is. One that another version of Parley left, or a stranger, does not pass and is a miss
   */
  abstract open<T>(name: string, schema: z.ZodType<T>): Cache<T>;
}

/** @throws RangeError for a key that no cache takes: a defect of the caller */
export function requireKey(key: string): void {
  if (key.length === 0 || key.length > MOST_KEY_CHARS)
    throw new RangeError(`A cache key has 1 to ${MOST_KEY_CHARS} characters, not ${key.length}.`);
}
