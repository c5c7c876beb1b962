import { cancelled, throwIfAborted } from '../cancelled.js';

interface Waiter {
  enter(): void;
  moved(position: number): void;
}

/** A number of slots and a queue in front of them, first come first served. */
export class Turns {
  #free: number;
  #waiting: Waiter[] = [];

  constructor(private readonly size: number) {
    this.#free = size;
  }

  get idle(): boolean {
    return this.#free === this.size && this.#waiting.length === 0;
  }

  /**
   * Resolves once a slot is the caller's.
   *
   * @param onPosition hears the place in the queue, 1 is next, each time it changes
   */
  async enter(signal: AbortSignal, onPosition: (position: number) => void): Promise<void> {
    throwIfAborted(signal);
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        this.#tellPositions();
        reject(cancelled(signal.reason));
      };
      const waiter: Waiter = {
        enter: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
        moved: onPosition,
      };
      signal.addEventListener('abort', leave, { once: true });
      onPosition(this.#waiting.push(waiter));
    });
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (!next) {
      this.#free++;
      return;
    }
    next.enter();
    this.#tellPositions();
  }

  #tellPositions(): void {
    this.#waiting.forEach((waiter, place) => waiter.moved(place + 1));
  }
}
