import { MemoryRateLimiter } from './memory.rate-limiter.js';
import { consumed, type Consumed, RateLimiter } from './rate-limiter.js';
import type { RedisConnection } from './redis-connection.js';

/** One count for all processes; while Redis does not answer, one for each. */
export class RedisRateLimiter extends RateLimiter {
  private readonly own = new MemoryRateLimiter();

  constructor(private readonly connection: RedisConnection) {
    super();
  }

  consume(key: string, limit: number, windowMs: number): Promise<Consumed> {
    return this.connection.or(
      'rate-limits',
      async (redis) => {
        const [count, resetMs] = await redis.parleyConsume(`rate:${key}`, windowMs);
        return consumed(count, limit, resetMs);
      },
      () => this.own.consume(key, limit, windowMs),
    );
  }

  peek(key: string, limit: number): Promise<Consumed> {
    return this.connection.or(
      'rate-limits',
      async (redis) => {
        const [count, resetMs] = await redis.parleyPeek(`rate:${key}`);
        return consumed(count, limit, resetMs, count + 1);
      },
      () => this.own.peek(key, limit),
    );
  }
}
