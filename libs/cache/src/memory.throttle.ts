import { RecentMap } from './recent-map.js';
import { Throttle, type ThrottleLimits } from './throttle.js';

interface Record {
  attempts: number;
  lastAt: number;
  closedUntil: number;
}

const MOST_KEYS = 20_000;

/** Counts of this process alone. */
export class MemoryThrottle extends Throttle {
  private readonly records = new RecentMap<Record>(MOST_KEYS);

  async attempt(key: string, { free, baseMs, maxMs, forgetMs }: ThrottleLimits): Promise<number> {
    const now = Date.now();
    let record = this.records.get(key);
    if (!record || now - record.lastAt > forgetMs) record = { attempts: 0, lastAt: now, closedUntil: 0 };
    if (now < record.closedUntil) return record.closedUntil - now;
    record.attempts += 1;
    record.lastAt = now;
    const beyond = record.attempts - free;
    if (beyond >= 0) record.closedUntil = now + Math.min(maxMs, baseMs * 2 ** beyond);
    this.records.set(key, record);
    return 0;
  }

  async forget(key: string): Promise<void> {
    this.records.delete(key);
  }

  async takeBack(key: string): Promise<void> {
    const record = this.records.get(key);
    if (!record) return;
    record.attempts -= 1;
    record.closedUntil = 0;
  }
}
