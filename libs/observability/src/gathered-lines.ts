import { type DestinationStream, symbols } from 'pino';

/** For how long lines are gathered, in milliseconds. */
const GATHERED_MS = 25;
/** Characters that are not held back any longer. */
const MOST_HELD = 64 * 1024;
/** From pino's level of errors on. */
const AT_ONCE = 50;

/**
 * Lines for a log that is written one system call at a time: the first one at once, those that follow closely together,
 * an error and what came before it at once again. What waits when the process ends is written then; a process that is
 * killed takes the last 25 ms with it.
 */
export class GatheredLines implements DestinationStream {
  /** Asks pino to tell the level of each line before it writes it. */
  readonly [symbols.needsMetadataGsym] = true;
  lastLevel = 0;
  #held = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly destination: DestinationStream) {
    process.on('exit', () => this.flush());
  }

  write(line: string): void {
    this.#held += line;
    if (!this.#timer || this.lastLevel >= AT_ONCE || this.#held.length > MOST_HELD) this.flush();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#held) this.write('');
    }, GATHERED_MS).unref();
  }

  flush(): void {
    const lines = this.#held;
    this.#held = '';
    if (lines) this.destination.write(lines);
  }
}
