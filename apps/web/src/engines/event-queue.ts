/** Turns what is pushed into what is awaited, in order; for libraries that call back. */
export class EventQueue<T> {
  private readonly waiting: T[] = [];
  private wake: (() => void) | null = null;
  private ended: { error?: unknown } | null = null;

  readonly push = (item: T): void => {
    this.waiting.push(item);
    this.wake?.();
  };

  end(): void {
    this.ended ??= {};
    this.wake?.();
  }

  fail(error: unknown): void {
    this.ended ??= { error };
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      while (this.waiting.length > 0) yield this.waiting.shift()!;
      if (this.ended) {
        if ('error' in this.ended) throw this.ended.error;
        return;
      }
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = null;
    }
  }
}
