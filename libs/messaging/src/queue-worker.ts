import { Logger } from '@nestjs/common';
import { toDomainError } from '@app/kernel';
import { setTimeout as sleep } from 'node:timers/promises';
import { crashed, Deadline, overdue, shuttingDown } from './deadline.js';
import type { DeliveryStore, StoredDelivery } from './delivery-store.js';
import type { Settlement } from './settlement.js';
import type { Subscriber, Subscription } from './transport.js';

/** A timer may fire a moment before the database's clock says that a retry is due. */
const CLOCK_SLACK_MS = 5;
const STORE_FAILED_RETRY_MS = 1_000;

/** Delivers one queue: never more at once than its concurrency allows, oldest first, each with its own retries. */
export class QueueWorker {
  private readonly logger = new Logger('Messaging');
  private readonly running = new Map<Deadline, Promise<void>>();
  /** Idle slots promised to copies that are being stored right now. */
  private reserved = 0;
  /** Whether the store may hold due deliveries: then a new copy must queue behind them. */
  private backlog = false;
  private taking: Promise<void> | undefined;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private timerAt = Infinity;

  constructor(
    readonly subscription: Subscription,
    private readonly subscriber: Subscriber,
    private readonly store: DeliveryStore,
    private readonly settlement: Settlement,
  ) {}

  /** Idle slots for copies about to be stored; give them back through `begin`. */
  reserve(): number {
    const slots = this.backlog ? 0 : this.free;
    this.reserved += slots;
    return slots;
  }

  /** Handles what was begun into the slots reserved for it. */
  begin(deliveries: readonly StoredDelivery[], reserved: number): void {
    this.reserved -= reserved;
    for (const delivery of deliveries) this.start(delivery);
    if (this.backlog) this.pump();
  }

  /** There may be due deliveries, now or in a while. */
  wake(inMs = 0): void {
    if (this.stopped) return;
    if (inMs <= 0) {
      this.backlog = true;
      return this.pump();
    }
    const at = Date.now() + inMs + CLOCK_SLACK_MS;
    if (at >= this.timerAt) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(() => {
      this.timerAt = Infinity;
      this.wake();
    }, inMs + CLOCK_SLACK_MS);
    this.timer.unref();
  }

  async drain(graceMs: number): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.taking;
    const handled = () => Promise.all(this.running.values());
    const late = new AbortController();
    await Promise.race([handled(), sleep(graceMs, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
    for (const deadline of this.running.keys()) deadline.abort(shuttingDown());
    await handled();
  }

  private get free(): number {
    if (this.stopped) return 0;
    const { concurrency } = this.subscription;
    const limit = typeof concurrency === 'function' ? concurrency() : concurrency;
    return Math.max(0, limit - this.running.size - this.reserved);
  }

  private pump(): void {
    this.taking ??= this.takeWhileIdle().finally(() => {
      this.taking = undefined;
      // Slots may have come free, or copies may have come in, while the last take was on its way.
      if (this.backlog && this.free > 0) this.pump();
    });
  }

  private async takeWhileIdle(): Promise<void> {
    for (let slots = this.free; this.backlog && slots > 0; slots = this.free) {
      this.backlog = false;
      this.reserved += slots;
      try {
        const deliveries = await this.store.take(this.subscription.queue, slots);
        this.backlog ||= deliveries.length === slots;
        this.begin(deliveries, slots);
      } catch (err) {
        this.reserved -= slots;
        this.logger.error({ msg: 'Could not take deliveries', queue: this.subscription.queue, err });
        this.wake(STORE_FAILED_RETRY_MS);
        return;
      }
    }
  }

  private start(delivery: StoredDelivery): void {
    const { queue, deadlineMs } = this.subscription;
    const deadline = new Deadline({ what: `A delivery of ${queue}`, timeoutMs: deadlineMs });
    const run = this.deliver(delivery, deadline).finally(() => {
      deadline[Symbol.dispose]();
      this.running.delete(deadline);
      if (this.backlog) this.pump();
    });
    this.running.set(deadline, run);
  }

  private async deliver({ id, queue, envelope, attempts: attempt }: StoredDelivery, deadline: Deadline): Promise<void> {
    const { signal } = deadline;
    const { attempts, backoff } = this.subscription;
    if (this.stopped) return this.settlement.write('release', (store) => store.release([id]));
    if (attempt > attempts) return this.settlement.write('park', (store) => store.park(id, crashed().toJSON()));
    try {
      const last = attempt === attempts;
      await Promise.race([this.subscriber({ queue, envelope, attempt, last, signal }), overdue(deadline)]);
      this.settlement.complete(id);
    } catch (error) {
      const { kind, ...rest } = toDomainError(signal.aborted ? signal.reason : error).toJSON();
      if (rest.code === shuttingDown().code) {
        return this.settlement.write('release', (store) => store.release([id]));
      }
      if (attempt === attempts) return this.settlement.write('park', (store) => store.park(id, { kind, ...rest }));
      const delayMs = Math.min(backoff.maxMs, backoff.baseMs * 2 ** (attempt - 1));
      await this.settlement.write('retry', (store) => store.retry(id, delayMs, { kind, ...rest }));
      this.wake(delayMs);
    }
  }
}
