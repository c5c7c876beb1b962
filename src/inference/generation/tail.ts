import type { AnswerError, AnswerMetadata, FinalStatus, GenerationPhase } from '../contracts/index.js';
import type { LogEntry } from '../persistence/generation-chunks.js';

export interface FinalState {
  status: FinalStatus;
  error: AnswerError | null;
  metadata: AnswerMetadata | null;
}

/**
 * The end of one generation's log as this process knows it: shared by all readers here, fed by the local writer after
 * each commit or, when another process writes, by one poller. Readers keep only their own place in it.
 */
export class Tail {
  /** Sequence number of `entries[0]`; what came before is read from the log. */
  first = 1;
  entries: LogEntry[] = [];
  phase: GenerationPhase | null = null;
  final: FinalState | null = null;
  /** A writer in this process feeds it. */
  local = false;
  readers = 0;
  /** Somebody keeps it up to date from the log while no local writer does. */
  polled = false;
  failure: Error | null = null;
  #waiting = new Set<() => void>();

  get last(): number {
    return this.first + this.entries.length - 1;
  }

  /** Starts anew behind `last`, which is stored. */
  restartAfter(last: number): void {
    this.first = last + 1;
    this.entries = [];
  }

  push(entry: LogEntry): void {
    if (entry.sequence !== this.last + 1) this.restartAfter(entry.sequence - 1);
    this.entries.push(entry);
  }

  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const resume of waiting) resume();
  }

  /** Resolves at the next `wake`, or after so many milliseconds. */
  changedWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(), ms);
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
    });
  }

  /** Resolves at the next `wake`, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#waiting.add(done);
    });
  }
}
