import { expect, it } from 'vitest';
import { cacheContract } from './cache.contract.js';
import { MemoryCaches } from './memory.caches.js';
import { MemoryRateLimiter } from './memory.rate-limiter.js';
import { MemoryThrottle } from './memory.throttle.js';
import { rateLimiterContract } from './rate-limiter.contract.js';
import { RecentMap } from './recent-map.js';
import { throttleContract } from './throttle.contract.js';

const close = () => {};
cacheContract('memory', async () => ({ caches: new MemoryCaches(), close }));
rateLimiterContract('memory', async () => ({ limiter: new MemoryRateLimiter(), close }));
throttleContract('memory', async () => ({ throttle: new MemoryThrottle(), close }));

it('a map of recent entries drops what was set longest ago', () => {
  const map = new RecentMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([3, undefined, 4]);
});
