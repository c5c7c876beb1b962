import type { FromChild, JobEvent } from '../protocol.js';

/** How much longer than asked for what waits may wait: one step more is better than a timer that cuts into a step. */
const PATIENCE = 1.25;

type Send = (message: FromChild) => void;

/**
 * Sends what all sequences produced in one turn of the event loop as one message: a message costs more than a token. What
 * may wait goes with a later one.
 */
export class Outbox {
  /** Finished work of the native library, see `FromChild`. */
  steps = 0;
  readonly #send: Send;
  #events: JobEvent[] = [];
  /** The last event of each job that waits. */
  readonly #last = new Map<number, JobEvent>();
  #sentAt = 0;
  #soon = false;
  #later: NodeJS.Timeout | undefined;

  constructor(send: Send = sendToParent) {
    this.#send = send;
  }

  /** @param gatherMs see `GenerateRequest`: how long after the last message this may wait for more */
  add(event: JobEvent, gatherMs = 0): void {
    if (!joined(this.#last.get(event.id), event)) {
      this.#events.push(event);
      this.#last.set(event.id, event);
    }
    if (this.#soon) return;
    const waited = performance.now() - this.#sentAt;
    if (waited < gatherMs) {
      this.#later ??= setTimeout(() => this.flush(), PATIENCE * gatherMs - waited);
      return;
    }
    this.#soon = true;
    // One turn later: the next batch is on its way by then, and sending costs it nothing.
    setImmediate(() => setImmediate(() => this.flush()));
  }

  flush(): void {
    const message: FromChild = { steps: this.steps, events: this.#events };
    this.#events = [];
    this.#last.clear();
    this.#soon = false;
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#sentAt = performance.now();
    this.#send(message);
  }
}

/** Tokens that follow each other become one event. */
function joined(last: JobEvent | undefined, next: JobEvent): boolean {
  if (!last || !('event' in last) || !('event' in next)) return false;
  const [before, after] = [last.event, next.event];
  if (before.type !== 'token' || after.type !== 'token') return false;
  before.text += after.text;
  before.tokenIds.push(...after.tokenIds);
  return true;
}

function sendToParent(message: FromChild): void {
  // A closed channel means that the parent is gone; `disconnect` ends this process.
  if (process.connected) process.send!(message, undefined, undefined, () => {});
}
