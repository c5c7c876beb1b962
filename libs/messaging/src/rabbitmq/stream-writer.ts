import { toDomainError } from '@app/kernel';
import type { Deadline } from '../deadline.js';
import type { Reply } from './wire-format.js';

/**
 * Sends one reader's items, as many as it has room for. Items of one moment share a message; for a reader that shows
 * nothing before the end, all that there is room for.
 */
export class StreamWriter {
  #credit: number;
  #resume: () => void = () => undefined;
  #batch: unknown[] = [];
  #flushing: NodeJS.Immediate | undefined;

  constructor(
    window: number,
    private readonly whole: boolean,
    private readonly send: (reply: Reply) => void,
  ) {
    this.#credit = window;
  }

  /** The reader took so many. */
  grant(items: number): void {
    this.#credit += items;
    this.#resume();
  }

  async write(open: () => AsyncIterable<unknown>, deadline: Deadline): Promise<void> {
    let items: AsyncIterator<unknown> | undefined;
    try {
      items = open()[Symbol.asyncIterator]();
      const producer = items;
      for (;;) {
        while (this.#credit <= 0) await deadline.race(() => new Promise<void>((resolve) => (this.#resume = resolve)));
        const item = await deadline.race(() => producer.next());
        if (item.done) break;
        this.#credit--;
        this.#push(item.value);
      }
      this.#flush(true);
    } catch (error) {
      this.#flush();
      this.send({ kind: 'error', error: toDomainError(error).toJSON() });
    } finally {
      // Runs the producer's `finally`. What fails there concerns an abandoned stream, and nobody.
      if (deadline.signal.aborted) void Promise.resolve(items?.return?.()).catch(() => undefined);
    }
  }

  #push(item: unknown): void {
    this.#batch.push(item);
    if (!this.whole) this.#flushing ??= setImmediate(() => this.#flush());
    else if (this.#credit <= 0) this.#flush();
  }

  #flush(last = false): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#batch.length === 0 && !last) return;
    const items = this.#batch;
    this.#batch = [];
    this.send({ kind: 'items', items, ...(last && { last }) });
  }
}
