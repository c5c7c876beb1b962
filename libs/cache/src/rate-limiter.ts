export interface Consumed {
  /** Within the limit, this one included. */
  allowed: boolean;
  /** How often it was asked in this window, this time included; refused ones count. */
  count: number;
  /** How often it may still be asked. */
  remaining: number;
  /** Milliseconds to the end of the window. */
  resetMs: number;
}

/**
 * Counts in fixed windows: the first request of a key opens one. Counting is atomic among all processes that share the
 * counts. It never fails: without its server each process counts for itself.
 */
export abstract class RateLimiter {
  /** Counts one request and says whether it may pass. */
  abstract consume(key: string, limit: number, windowMs: number): Promise<Consumed>;
  /** Whether a request would pass now; counts nothing. */
  abstract peek(key: string, limit: number): Promise<Consumed>;
}

export const consumed = (count: number, limit: number, resetMs: number, asked = count): Consumed => ({
  allowed: asked <= limit,
  count,
  remaining: Math.max(0, limit - count),
  resetMs,
});
