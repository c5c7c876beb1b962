import { consumed, type Consumed, RateLimiter } from './rate-limiter.js';
import { RecentMap } from './recent-map.js';

const MOST_KEYS = 50_000;

/** Counts of this process alone. */
export class MemoryRateLimiter extends RateLimiter {
  private readonly windows = new RecentMap<{ count: number; until: number }>(MOST_KEYS);

  async consume(key: string, limit: number, windowMs: number): Promise<Consumed> {
    const now = Date.now();
    let window = this.windows.get(key);
    if (!window || window.until <= now) {
      window = { count: 0, until: now + windowMs };
      this.windows.set(key, window);
    }
    window.count += 1;
    return consumed(window.count, limit, window.until - now);
  }

  async peek(key: string, limit: number): Promise<Consumed> {
    const now = Date.now();
    const window = this.windows.get(key);
    const open = window && window.until > now ? window : { count: 0, until: now };
    return consumed(open.count, limit, open.until - now, open.count + 1);
  }
}
