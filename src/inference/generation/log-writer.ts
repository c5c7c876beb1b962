import type { NewEntry } from '../persistence/generation-chunks.js';

/**
 * One worker's pen for one generation. Texts that come between two group commits become one entry. `lost` aborts when
 * the log refuses an entry, because another worker holds the generation; `stopRequested` when its owner asked to stop.
 */
export class LogWriter {
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  #pending: NewEntry[] = [];
  #last: number;
  #drained: { promise: Promise<void>; resolve: () => void } | null = null;
  firstTokenAt: Date | null;

  constructor(
    readonly generationId: string,
    readonly epoch: number,
    lastSequence: number,
    firstTokenAt: Date | null,
    private readonly wake: (urgent: boolean) => void,
  ) {
    this.#last = lastSequence;
    this.firstTokenAt = firstTokenAt;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get stopRequested(): AbortSignal {
    return this.#stop.signal;
  }

  get lastSequence(): number {
    return this.#last;
  }

  token(text: string, tokenIds: number[]): void {
    // An engine that has not heard of it yet goes on for a token or two: stored, they would stand behind a gap.
    if (this.lost.aborted) return;
    // PostgreSQL text holds no NUL; a model with random weights writes some.
    const clean = text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text;
    const open = this.#pending.at(-1);
    if (open?.kind === 'token') {
      open.text += clean;
      open.tokenIds.push(...tokenIds);
    } else {
      this.#add('token', clean, [...tokenIds]);
    }
    // The first token is what a reader waits for; the others share a commit.
    this.wake(this.firstTokenAt === null);
  }

  restart(reason: string): void {
    if (this.lost.aborted) return;
    this.#add('restart', reason, []);
    this.wake(false);
  }

  /** Resolves when everything written is stored (or the generation is lost). */
  flushed(): Promise<void> {
    if (this.#pending.length === 0 && !this.#drained) return Promise.resolve();
    this.#drained ??= Promise.withResolvers<void>();
    this.wake(true);
    return this.#drained.promise;
  }

  /** For the group commit: what waits. It stays owed until `stored` or `refused`. */
  take(): NewEntry[] {
    const taken = this.#pending;
    this.#pending = [];
    if (taken.length > 0) this.#drained ??= Promise.withResolvers<void>();
    return taken;
  }

  stored(stopRequested: boolean): void {
    this.firstTokenAt ??= new Date();
    if (stopRequested) this.#stop.abort('stop-requested');
    this.#settle();
  }

  refused(): void {
    this.#lost.abort('lost');
    this.#pending = [];
    this.#settle();
  }

  requestStop(): void {
    this.#stop.abort('stop-requested');
  }

  #settle(): void {
    if (this.#pending.length > 0) return;
    this.#drained?.resolve();
    this.#drained = null;
  }

  #add(kind: NewEntry['kind'], text: string, tokenIds: number[]): void {
    const { generationId, epoch } = this;
    this.#pending.push({ generationId, epoch, sequence: ++this.#last, kind, text, tokenIds });
  }
}
