import { Logger } from '@nestjs/common';
import { tracer } from '@app/observability';
import { runDetached } from './context.js';
import type { Envelope } from './message.js';
import type { Claimed, Outbox } from './outbox.js';
import { below, ending, startMessageSpan } from './spans.js';
import type { Transport } from './transport.js';

const BATCH = 100;
const LEASE_MS = 30_000;
const BACKOFF = { baseMs: 200, maxMs: 60_000 };

/** Tells the relay in the lead, wherever it is, that something was committed. */
const STORED = 'platform.outbox';

/**
 * Waits in the line of those who could do it. `elected` is called with a signal that aborts when the lead is over, and
 * returns what the next one in the line has to wait for.
 */
export type Lead = (elected: (lost: AbortSignal) => () => Promise<void>) => { stop(): Promise<void> };

/** Where there is nobody else. */
const alone: Lead = (elected) => {
  const lost = new AbortController();
  elected(lost.signal);
  return { stop: async () => lost.abort() };
};

/**
 * Publishes what is committed, by one process at a time, so that the order is kept. Woken by each commit that stored
 * events; a slow poll is the safety net. No transaction is open while the transport works, so an event can be published
 * twice when the process dies in between: the inbox of each reaction makes that harmless.
 */
export class OutboxRelay {
  private readonly logger = new Logger('Messaging');
  private timer: NodeJS.Timeout | undefined;
  private passing: Promise<void> | undefined;
  private again = false;
  /** Just elected: nobody else publishes, so what was claimed is not being published. */
  private fresh = false;
  private leading = false;
  private wasEmpty = false;
  /** Published, and not forgotten yet: that is done with the next claim. */
  private published: string[] = [];
  private line: { stop(): Promise<void> } | undefined;

  constructor(
    private readonly outbox: Outbox,
    private readonly transport: Transport,
    private readonly options: {
      pollMs?: number;
      lead?: Lead;
      /** Told once, when all that was stored before the queues were there has left. */
      onEmpty?: () => void;
    } = {},
  ) {}

  /** Call it once all queues are subscribed: what is published before is heard by nobody. */
  start(): void {
    this.timer = setInterval(() => this.tick(), this.options.pollMs ?? 1_000).unref();
    this.tick();
  }

  /** There may be committed events. Returns at once. */
  wake(): void {
    if (this.leading) this.look();
    else if (this.line) this.transport.signal(STORED);
  }

  /** Takes nothing more, waits for what is being published, and lets another one take the lead. */
  async stop(): Promise<void> {
    this.leading = false;
    clearInterval(this.timer);
    await this.passing;
    const { line } = this;
    this.line = undefined;
    await line?.stop();
  }

  /** Whoever cannot reach the broker leaves the lead to somebody who can. */
  private tick(): void {
    if (this.transport.connected) {
      this.line ??= (this.options.lead ?? alone)((lost) => this.begin(lost));
      this.look();
    } else if (this.line) {
      const { line } = this;
      this.line = undefined;
      this.leading = false;
      void line.stop();
    }
  }

  private begin(lost: AbortSignal): () => Promise<void> {
    const unheed = this.transport.onSignal(STORED, () => this.look());
    lost.addEventListener(
      'abort',
      () => {
        this.leading = false;
        unheed();
      },
      { once: true },
    );
    this.leading = true;
    this.fresh = true;
    this.look();
    return async () => this.passing;
  }

  private look(): void {
    if (!this.leading) return;
    this.again = true;
    this.passing ??= runDetached(() => this.pass()).finally(() => {
      this.passing = undefined;
      // A commit may have come between the last look and now.
      if (this.again) this.look();
    });
  }

  private async pass(): Promise<void> {
    while (this.again && this.leading) {
      this.again = false;
      try {
        if (this.fresh && this.options.lead) await this.outbox.release();
        this.fresh = false;
        if ((await this.publishSome()) === BATCH || this.published.length > 0) this.again = true;
        else this.emptied();
      } catch (err) {
        this.logger.error({ msg: 'Could not read the outbox: will be tried again', err });
      }
    }
    await this.forgetPublished();
  }

  /** What the loop could not: it ended, or failed, before the next claim. */
  private async forgetPublished(): Promise<void> {
    if (this.published.length === 0) return;
    try {
      await this.outbox.forget(this.published);
      this.published = [];
    } catch (err) {
      this.logger.error({ msg: 'Could not forget what is published: will be tried again', err });
    }
  }

  private emptied(): void {
    if (this.again || this.wasEmpty) return;
    this.wasEmpty = true;
    this.options.onEmpty?.();
  }

  private async publishSome(): Promise<number> {
    if (this.transport.publishFromOutbox) return this.transport.publishFromOutbox(BATCH);
    const claimed = await this.outbox.claim(BATCH, LEASE_MS, this.published);
    this.published = [];
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
      await this.send(batch.map(({ envelope }) => envelope));
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
    this.published.push(...positions);
  }

  private send(envelopes: readonly Envelope[]): Promise<void> {
    if (!tracer()) return this.transport.publish(envelopes);
    const spans = envelopes.map((envelope) => startMessageSpan('publish', envelope, this.transport));
    const sent = this.transport.publish(envelopes.map((envelope, at) => below(spans[at], envelope)));
    for (const span of spans) void ending(span, sent).catch(() => undefined);
    return sent;
  }
}
