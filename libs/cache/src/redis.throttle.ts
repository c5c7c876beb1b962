import { hash } from 'node:crypto';
import { MemoryThrottle } from './memory.throttle.js';
import type { RedisConnection } from './redis-connection.js';
import { Throttle, type ThrottleLimits } from './throttle.js';

const USE = 'throttles';

/** One count for all processes; while Redis does not answer, one for each. */
export class RedisThrottle extends Throttle {
  private readonly own = new MemoryThrottle();

  constructor(private readonly connection: RedisConnection) {
    super();
  }

  attempt(key: string, limits: ThrottleLimits): Promise<number> {
    const { free, baseMs, maxMs, forgetMs } = limits;
    return this.connection.or(
      USE,
      (redis) => redis.parleyAttempt(keyOf(key), free, baseMs, maxMs, forgetMs),
      () => this.own.attempt(key, limits),
    );
  }

  async forget(key: string): Promise<void> {
    await this.own.forget(key);
    await this.connection.or<unknown>(
      USE,
      (redis) => redis.del(keyOf(key)),
      async () => undefined,
    );
  }

  async takeBack(key: string): Promise<void> {
    await this.connection.or<unknown>(
      USE,
      (redis) => redis.parleyTakeBack(keyOf(key)),
      () => this.own.takeBack(key),
    );
  }
}

/** Keys are e-mail addresses and the like: Redis gets none to read. */
const keyOf = (key: string) => `throttle:${hash('sha256', key, 'base64url')}`;
