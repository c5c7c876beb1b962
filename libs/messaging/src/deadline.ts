import { DomainError } from '@app/kernel';

export const cancelled = () => new DomainError('cancelled', 'platform.cancelled', 'The caller left.');
export const shuttingDown = () =>
  new DomainError('unavailable', 'platform.shutting-down', 'The server is shutting down; try again in a moment.');
export const crashed = () =>
  new DomainError('internal', 'platform.crashed', 'The process ended while it handled this message for the last time.');
const timedOut = (what: string, timeoutMs: number) =>
  new DomainError('timeout', 'platform.timeout', `${what} did not finish within ${timeoutMs} ms.`, { timeoutMs });

const asReason = (reason: unknown) => (reason instanceof DomainError ? reason : cancelled());

export interface Limits {
  /** What is limited, for the error's sentence. */
  what: string;
  timeoutMs?: number;
  /** Any of them ends the work. */
  signals?: readonly (AbortSignal | undefined)[];
}

/**
 * An AbortController that follows other signals and a clock. Cheaper than `AbortSignal.any` and `.timeout`, and lets go
 * of the other signals when disposed, so that a long-lived one does not gather listeners.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer?: NodeJS.Timeout;
  readonly #followed: AbortSignal[] = [];
  readonly #racing = new Set<(reason: DomainError) => void>();
  readonly #follow = (event: Event) => this.abort(asReason((event.target as AbortSignal).reason));

  constructor({ what, timeoutMs, signals = [] }: Limits) {
    for (const signal of signals) {
      if (!signal) continue;
      if (signal.aborted) this.abort(asReason(signal.reason));
      signal.addEventListener('abort', this.#follow, { once: true });
      this.#followed.push(signal);
    }
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => this.abort(timedOut(what, timeoutMs)), timeoutMs);
      this.#timer.unref();
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: DomainError = cancelled()): void {
    if (this.signal.aborted) return;
    this.#controller.abort(reason);
    for (const reject of this.#racing) reject(reason);
  }

  /** The outcome of `work`, or the reason of the abort if that comes first. The work itself is told by the signal only. */
  race<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this;
    if (signal.aborted) return Promise.reject(signal.reason as DomainError);
    return new Promise<T>((resolve, reject) => {
      this.#racing.add(reject);
      work()
        .then(resolve, reject)
        .finally(() => this.#racing.delete(reject));
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const signal of this.#followed) signal.removeEventListener('abort', this.#follow);
  }
}

/** How long a handler whose signal aborted may take to end by itself. */
const SETTLE_MS = 1_000;

/** Rejects when the signal aborted and the handler had its time to end by itself. */
export const overdue = ({ signal }: Deadline): Promise<never> =>
  new Promise<never>((_, reject) => {
    const fail = () => setTimeout(() => reject(signal.reason as DomainError), SETTLE_MS).unref();
    signal.addEventListener('abort', fail, { once: true });
  });
