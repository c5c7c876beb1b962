import type { z } from 'zod';
import { Cache, Caches, MOST_VALUE_BYTES, requireKey } from './cache.js';
import { cacheRequests } from './cache-metrics.js';
import { RecentMap } from './recent-map.js';

const MOST_ENTRIES = 10_000;

/** In the memory of this process: 10,000 values a cache, the oldest goes first. */
export class MemoryCaches extends Caches {
  readonly shared = false;

  open<T>(name: string, schema: z.ZodType<T>): Cache<T> {
    return new MemoryCache(name, schema);
  }
}

export class MemoryCache<T> extends Cache<T> {
  private readonly entries = new RecentMap<{ json: string; until: number }>(MOST_ENTRIES);

  constructor(
    private readonly name: string,
    private readonly schema: z.ZodType<T>,
  ) {
    super();
  }

  async get(key: string): Promise<T | undefined> {
    requireKey(key);
    const found = this.entries.get(key);
    if (found && found.until > Date.now()) {
      const value = this.schema.safeParse(JSON.parse(found.json));
      if (value.success) {
        cacheRequests.inc({ cache: this.name, result: 'hit' });
        return value.data;
      }
    }
    this.entries.delete(key);
    cacheRequests.inc({ cache: this.name, result: 'miss' });
    return undefined;
  }

  // As JSON here too: what does not survive it, or is changed later by its owner, would differ from Redis.
  async set(key: string, value: T, ttlMs: number): Promise<void> {
    requireKey(key);
    const json = JSON.stringify(value);
    if (Buffer.byteLength(json) <= MOST_VALUE_BYTES) this.entries.set(key, { json, until: Date.now() + ttlMs });
    else {
      this.entries.delete(key);
      cacheRequests.inc({ cache: this.name, result: 'refused' });
    }
  }

  async delete(key: string): Promise<void> {
    requireKey(key);
    this.entries.delete(key);
  }
}
