import { Deadline } from './deadline.js';

/**
 * One reader's view of a producer. Unlike an async generator, closing it while an item is awaited takes effect at once:
 * the producer's signal aborts, the pending `next` ends, and nobody waits for a producer that does not listen.
 * Pull-based: the producer runs only when an item is asked for, so it is never more than one item ahead.
 *
 * @param open called at the first `next`
 * @param within runs each step of the producer, e.g. inside its message context
 */
export function cancellableStream<T>(
  what: string,
  open: (signal: AbortSignal) => AsyncIterable<T>,
  options: { signals?: readonly (AbortSignal | undefined)[]; within?: <R>(step: () => R) => R } = {},
): AsyncIterableIterator<T> {
  const within = options.within ?? ((step) => step());
  let deadline: Deadline | undefined;
  let producer: AsyncIterator<T> | undefined;
  let closed = false;

  const close = (): void => {
    if (closed) return;
    closed = true;
    deadline?.[Symbol.dispose]();
  };
  const abandon = (): void => {
    if (closed) return;
    close();
    deadline?.abort();
    // Runs the producer's `finally`; its failures are those of an abandoned stream and concern nobody.
    const opened = producer;
    if (opened?.return) void within(async () => opened.return?.()).catch(() => undefined);
  };
  const end: IteratorResult<T> = { done: true, value: undefined };

  return {
    async next(): Promise<IteratorResult<T>> {
      if (closed) return end;
      const limits = (deadline ??= new Deadline({ what, signals: options.signals }));
      try {
        const item = await limits.race(() =>
          within(async () => (producer ??= open(limits.signal)[Symbol.asyncIterator]()).next()),
        );
        // A producer that came to its end has nothing to be told.
        if (item.done) close();
        return item.done ? end : item;
      } catch (error) {
        // The reader closed while it was still waiting for an item: it asked for the end, not for an error.
        if (closed) return end;
        abandon();
        throw error;
      }
    },
    async return(): Promise<IteratorResult<T>> {
      abandon();
      return end;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
