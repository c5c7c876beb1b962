import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '@app/config';
import { Caches } from './cache.js';
import { MemoryCaches } from './memory.caches.js';
import { MemoryRateLimiter } from './memory.rate-limiter.js';
import { MemoryThrottle } from './memory.throttle.js';
import { RateLimiter } from './rate-limiter.js';
import { RedisCaches } from './redis.caches.js';
import { RedisConnection } from './redis-connection.js';
import { RedisRateLimiter } from './redis.rate-limiter.js';
import { RedisThrottle } from './redis.throttle.js';
import { Throttle } from './throttle.js';

/** Caches, rate limits and throttles: in Redis when REDIS_URL is set, else in the memory of this process. */
@Module({})
export class CacheModule implements OnApplicationShutdown {
  constructor(@Inject(RedisConnection) private readonly redis: RedisConnection | null) {}

  static forRoot(): DynamicModule {
    return {
      module: CacheModule,
      global: true,
      providers: [
        {
          provide: RedisConnection,
          inject: [Config],
          useFactory: async ({ redis: { url } }: Config) => {
            if (!url) return null;
            const redis = await RedisConnection.to({ url });
            await redis.open();
            return redis;
          },
        },
        {
          provide: Caches,
          inject: [RedisConnection],
          useFactory: (redis: RedisConnection | null) => (redis ? new RedisCaches(redis) : new MemoryCaches()),
        },
        {
          provide: RateLimiter,
          inject: [RedisConnection],
          useFactory: (redis: RedisConnection | null) =>
            redis ? new RedisRateLimiter(redis) : new MemoryRateLimiter(),
        },
        {
          provide: Throttle,
          inject: [RedisConnection],
          useFactory: (redis: RedisConnection | null) => (redis ? new RedisThrottle(redis) : new MemoryThrottle()),
        },
      ],
      exports: [RedisConnection, Caches, RateLimiter, Throttle],
    };
  }

  onApplicationShutdown(): void {
    this.redis?.close();
  }
}
