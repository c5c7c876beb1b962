import { Logger } from '@nestjs/common';
import { runDetached } from './context.js';
import type { Claimed, Outbox } from './outbox.js';
import type { Transport } from './transport.js';

const BATCH = 100;
const LEASE_MS = 30_000;
const BACKOFF = { baseMs: 200, maxMs: 60_000 };

/**
 * Publishes what is committed. Woken by each commit that stored events; a slow poll is the safety net. No transaction is
 * open while the transport works, so an event can be published twice when the process dies in between: the inbox of each
 * reaction makes that harmless.
 */
export class OutboxRelay {
  private readonly logger = new Logger('Messaging');
  private timer: NodeJS.Timeout | undefined;
  private passing: Promise<void> | undefined;
  private again = false;
  private started = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly transport: Transport,
    private readonly options: { pollMs?: number } = {},
  ) {}

  /** Call it once all queues are subscribed: what is published before is heard by nobody. */
  start(): void {
    this.started = true;
    this.timer = setInterval(() => this.wake(), this.options.pollMs ?? 1_000).unref();
    this.wake();
  }

  /** There may be committed events. Returns at once. */
  wake(): void {
    if (!this.started) return;
    this.again = true;
    this.passing ??= runDetached(() => this.pass()).finally(() => {
      this.passing = undefined;
      // A commit may have come between the last look and now.
      if (this.again) this.wake();
    });
  }

  /** Takes nothing more, and waits for what is being published. */
  async stop(): Promise<void> {
    this.started = false;
    clearInterval(this.timer);
    await this.passing;
  }

  private async pass(): Promise<void> {
    while (this.again && this.started) {
      this.again = false;
      try {
        if ((await this.publishSome()) === BATCH) this.again = true;
      } catch (err) {
        this.logger.error({ msg: 'Could not read the outbox: will be tried again', err });
      }
    }
  }

  private async publishSome(): Promise<number> {
    if (this.transport.publishFromOutbox) return this.transport.publishFromOutbox(BATCH);
    const claimed = await this.outbox.claim(BATCH, LEASE_MS);
    // Events that failed before go one by one, so that one that can never be published holds up no other.
    const [fresh, failed] = [
      claimed.filter(({ attempts }) => attempts === 1),
      claimed.filter(({ attempts }) => attempts > 1),
    ];
    for (const batch of [fresh, ...failed.map((one) => [one])]) if (batch.length > 0) await this.publish(batch);
    return claimed.length;
  }

  private async publish(batch: readonly Claimed[]): Promise<void> {
    const positions = batch.map(({ position }) => position);
    try {
      await this.transport.publish(batch.map(({ envelope }) => envelope));
    } catch (err) {
      const attempt = Math.max(...batch.map(({ attempts }) => attempts));
      const delayMs = Math.min(BACKOFF.maxMs, BACKOFF.baseMs * 2 ** (attempt - 1));
      this.logger.warn({
        msg: 'Could not publish: will be tried again',
        events: positions.length,
        attempt,
        delayMs,
        err,
      });
      return this.outbox.postpone(positions, delayMs);
    }
    await this.outbox.forget(positions);
  }
}
