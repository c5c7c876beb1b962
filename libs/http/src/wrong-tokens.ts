import type { RateLimiter } from '@app/cache';
import { DomainError } from '@app/kernel';

const WINDOW_MS = 60_000;

/**
 * Counts wrong tokens by address. To look up a token costs more than to send one, and comes before the limit of requests
 * (which is by account): an address that keeps sending wrong ones is not looked up any more for the rest of the minute.
 */
export class WrongTokens {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly perMinute: number = 300,
  ) {}

  /** Why this address is not asked about now; undefined when it is. */
  async refusal(address: string): Promise<DomainError | undefined> {
    const { allowed, resetMs } = await this.limiter.peek(keyOf(address), this.perMinute);
    if (allowed) return undefined;
    return new DomainError('rate-limited', 'platform.rate-limited', 'Too many wrong tokens. Please wait a moment.', {
      retryAfterSeconds: Math.max(1, Math.ceil(resetMs / 1000)),
    });
  }

  async add(address: string): Promise<void> {
    await this.limiter.consume(keyOf(address), this.perMinute, WINDOW_MS);
  }
}

const keyOf = (address: string) => `wrong-tokens ${address}`;
