import type { FromChild, JobEvent } from '../protocol.js';

/** Sends what all sequences produced in one turn of the event loop as one message: a message costs more than a token. */
export class Outbox {
  /** Finished work of the native library, see `FromChild`. */
  steps = 0;
  #events: JobEvent[] = [];
  #scheduled = false;

  add(event: JobEvent): void {
    this.#events.push(event);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // One turn later: the next batch is on its way by then, and sending costs it nothing.
    setImmediate(() => setImmediate(() => this.flush()));
  }

  flush(): void {
    const message: FromChild = { steps: this.steps, events: this.#events };
    this.#events = [];
    this.#scheduled = false;
    // A closed channel means that the parent is gone; `disconnect` ends this process.
    if (process.connected) process.send!(message, undefined, undefined, () => {});
  }
}
