import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryStore } from './delivery-store.js';

/** Nobody waits for a completion to be stored, and an answer that begins meanwhile would wait behind it. */
const GATHERED_MS = 10;

/**
 * Writes down how deliveries ended. Completions of one moment share a statement. A store that fails is asked again until it
 * answers: an end that is lost would mean a needless repeat.
 */
export class Settlement {
  private readonly logger = new Logger('Messaging');
  private completed: string[] = [];
  private flushing: Promise<void> | undefined;
  private readonly open = new Set<Promise<void>>();
  private readonly closing = new AbortController();
  private readonly hurry = new AbortController();

  constructor(private readonly store: DeliveryStore) {}

  complete(id: string): void {
    this.completed.push(id);
    this.flushing ??= this.track(this.flush());
  }

  /** Resolves when `write` went through; never rejects. */
  async write(what: string, write: (store: DeliveryStore) => Promise<void>): Promise<void> {
    await this.track(this.persist(what, () => write(this.store)));
  }

  /** Waits for all that is being written. */
  async settled(): Promise<void> {
    this.hurry.abort();
    while (this.open.size > 0) await Promise.all(this.open);
  }

  /** Gives up what a failing store could not take; it is delivered again after the next start. */
  close(): void {
    this.closing.abort();
  }

  private async flush(): Promise<void> {
    await sleep(GATHERED_MS, undefined, { signal: this.hurry.signal }).catch(() => undefined);
    while (this.completed.length > 0) {
      const ids = this.completed;
      this.completed = [];
      await this.persist('complete', () => this.store.complete(ids));
    }
    this.flushing = undefined;
  }

  private async persist(what: string, write: () => Promise<void>): Promise<void> {
    for (let delayMs = 50; !this.closing.signal.aborted; delayMs = Math.min(delayMs * 2, 5_000)) {
      try {
        return await write();
      } catch (err) {
        this.logger.error({ msg: 'Could not store the end of a delivery: will be tried again', what, delayMs, err });
        await sleep(delayMs, undefined, { signal: this.closing.signal, ref: false }).catch(() => undefined);
      }
    }
  }

  private track(writing: Promise<void>): Promise<void> {
    this.open.add(writing);
    return writing.finally(() => this.open.delete(writing));
  }
}
