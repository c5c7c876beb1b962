import { DomainError } from '@app/kernel';

const WINDOW_MS = 60_000;
const MOST_ADDRESSES = 10_000;

/**
 * Counts wrong tokens by address. To look up a token costs more than to send one, and comes before the limit of requests
 * (which is by account): an address that keeps sending wrong ones is not looked up any more for the rest of the minute.
 */
export class WrongTokens {
  private readonly counts = new Map<string, { count: number; until: number }>();

  constructor(private readonly perMinute: number = 300) {}

  /** Why this address is not asked about now; undefined when it is. */
  refusal(address: string): DomainError | undefined {
    const found = this.counts.get(address);
    const waitMs = found && found.count >= this.perMinute ? found.until - Date.now() : 0;
    if (waitMs <= 0) return undefined;
    return new DomainError('rate-limited', 'platform.rate-limited', 'Too many wrong tokens. Please wait a moment.', {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
  }

  add(address: string): void {
    const now = Date.now();
    const found = this.counts.get(address);
    if (found && found.until > now) {
      found.count += 1;
      return;
    }
    this.counts.delete(address);
    this.counts.set(address, { count: 1, until: now + WINDOW_MS });
    const oldest = this.counts.keys().next();
    if (this.counts.size > MOST_ADDRESSES && !oldest.done) this.counts.delete(oldest.value);
  }
}
