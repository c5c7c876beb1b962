import type { z } from 'zod';
import { Cache, Caches, MOST_VALUE_BYTES, requireKey } from './cache.js';
import { cacheRequests } from './cache-metrics.js';
import { MemoryCache } from './memory.caches.js';
import type { RedisConnection } from './redis-connection.js';

/** In Redis, for all processes; while it does not answer, in the memory of each. */
export class RedisCaches extends Caches {
  readonly shared = true;

  constructor(private readonly connection: RedisConnection) {
    super();
  }

  open<T>(name: string, schema: z.ZodType<T>): Cache<T> {
    return new RedisCache(this.connection, name, schema);
  }
}

class RedisCache<T> extends Cache<T> {
  private readonly own: MemoryCache<T>;

  constructor(
    private readonly connection: RedisConnection,
    private readonly name: string,
    private readonly schema: z.ZodType<T>,
  ) {
    super();
    this.own = new MemoryCache(name, schema);
  }

  async get(key: string): Promise<T | undefined> {
    requireKey(key);
    return this.connection.or(
      this.name,
      async (redis) => {
        const json = await redis.get(this.keyOf(key));
        const value = json === null ? undefined : this.parsed(json);
        cacheRequests.inc({ cache: this.name, result: value === undefined ? 'miss' : 'hit' });
        return value;
      },
      () => {
        cacheRequests.inc({ cache: this.name, result: 'error' });
        return this.own.get(key);
      },
    );
  }

  async set(key: string, value: T, ttlMs: number): Promise<void> {
    requireKey(key);
    const json = JSON.stringify(value);
    if (Buffer.byteLength(json) > MOST_VALUE_BYTES) {
      cacheRequests.inc({ cache: this.name, result: 'refused' });
      return this.delete(key);
    }
    await this.connection.or<unknown>(
      this.name,
      async (redis) => {
        await redis.set(this.keyOf(key), json, 'PX', Math.max(1, Math.ceil(ttlMs)));
        // An older value of a time without Redis must not come back in the next one.
        await this.own.delete(key);
      },
      () => this.own.set(key, value, ttlMs),
    );
  }

  async delete(key: string): Promise<void> {
    requireKey(key);
    await this.own.delete(key);
    await this.connection.or<unknown>(
      this.name,
      (redis) => redis.del(this.keyOf(key)),
      async () => undefined,
    );
  }

  private keyOf(key: string): string {
    return `cache:${this.name}:${key}`;
  }

  private parsed(json: string): T | undefined {
    try {
      return this.schema.safeParse(JSON.parse(json)).data;
    } catch {
      return undefined; // Not ours: a miss.
    }
  }
}
