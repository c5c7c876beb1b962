import type { Clock } from '@app/kernel';
import { tooManyFailures } from './errors.js';

export interface ThrottleLimits {
  /** Failures that cost nothing. */
  free: number;
  /** Wait after the first one beyond; doubles with each. */
  baseMs: number;
  maxMs: number;
  /** So long after the last attempt all is forgotten. */
  forgetMs: number;
}

interface Record {
  attempts: number;
  lastAt: number;
  closedUntil: number;
}

const MOST_KEYS = 20_000;

/**
 * Makes guessing slow. An attempt counts as failed until it is forgiven, so that a burst of parallel guesses is not
 * ahead of the count. In memory of this process.
 */
export class FailureThrottle {
  private readonly records = new Map<string, Record>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: ThrottleLimits,
  ) {}

  /** Counts one attempt, or refuses it with `auth.too-many-failures`. */
  attempt(key: string): void {
    const now = this.clock.now().getTime();
    const { free, baseMs, maxMs, forgetMs } = this.limits;
    let record = this.records.get(key);
    if (!record || now - record.lastAt > forgetMs) record = { attempts: 0, lastAt: now, closedUntil: 0 };
    if (now < record.closedUntil) throw tooManyFailures(Math.ceil((record.closedUntil - now) / 1000));
    record.attempts += 1;
    record.lastAt = now;
    const beyond = record.attempts - free;
    if (beyond >= 0) record.closedUntil = now + Math.min(maxMs, baseMs * 2 ** beyond);
    this.keep(key, record);
  }

  /** The attempt was right: all failures before it are forgotten. */
  forget(key: string): void {
    this.records.delete(key);
  }

  /** The attempt was right, which says nothing about those before it. */
  takeBack(key: string): void {
    const record = this.records.get(key);
    if (!record) return;
    record.attempts -= 1;
    record.closedUntil = 0;
  }

  // The map remembers the order of insertion: the first key is the one that was seen longest ago.
  private keep(key: string, record: Record): void {
    this.records.delete(key);
    this.records.set(key, record);
    if (this.records.size <= MOST_KEYS) return;
    const oldest = this.records.keys().next();
    if (!oldest.done) this.records.delete(oldest.value);
  }
}
