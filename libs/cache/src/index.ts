export { Cache, Caches } from './cache.js';
export { CacheModule } from './cache.module.js';
export { MemoryCaches } from './memory.caches.js';
export { MemoryRateLimiter } from './memory.rate-limiter.js';
export { MemoryThrottle } from './memory.throttle.js';
export { type Consumed, RateLimiter } from './rate-limiter.js';
export { RedisConnection } from './redis-connection.js';
export { Throttle, type ThrottleLimits } from './throttle.js';
