import { Deadline } from '../deadline.js';
import type { Envelope } from '../message.js';
import type { StreamOptions } from '../transport.js';
import type { Asked, Requester } from './requester.js';
import type { Reply } from './wire-format.js';

/** Items that a producer may send before the reader took any. */
export const WINDOW = 32;

/**
 * One reader's view of a producer in another process: items in order, the producer at most `WINDOW` of them ahead, and told
 * when the reader leaves.
 */
export function readStream(
  requester: Requester,
  envelope: Envelope,
  { signal, whole }: StreamOptions = {},
): AsyncIterableIterator<unknown> {
  const items: unknown[] = [];
  let asked: Asked | undefined;
  let deadline: Deadline | undefined;
  let ended = false;
  let closed = false;
  let failure: Error | undefined;
  let taken = 0;
  let wake: () => void = () => undefined;

  const arrive = (reply: Reply) => {
    if (reply.kind !== 'items') return;
    items.push(...reply.items);
    ended = reply.last === true;
    wake();
  };
  const fail = (error: Error) => {
    failure ??= error;
    wake();
  };
  const close = (): void => {
    if (closed) return;
    closed = true;
    if (asked) requester.forget(asked, !ended && !failure);
    deadline?.[Symbol.dispose]();
    // Whoever still waits for an item is let go; a stream that came to its end has nobody who waits.
    if (!ended) deadline?.abort();
    items.length = 0;
    wake();
  };
  const start = async () => {
    const channel = await requester.channel();
    const headers = { window: WINDOW, ...(whole && { whole }) };
    if (!closed) asked = requester.ask(channel, envelope, { headers }, arrive, fail);
  };
  const giveBack = () => {
    // A producer that came to its end needs no room.
    if (ended || ++taken < WINDOW / 2 || !asked) return;
    requester.control(asked, { kind: 'credit', items: taken });
    taken = 0;
  };
  const end: IteratorResult<unknown> = { done: true, value: undefined };

  return {
    async next() {
      try {
        if (!deadline) {
          deadline = new Deadline({ what: envelope.type, signals: [signal] });
          await deadline.race(start);
        }
        for (;;) {
          if (closed) return end;
          if (items.length > 0) {
            const value = items.shift();
            giveBack();
            return { done: false, value };
          }
          if (failure) throw failure;
          if (ended) {
            close();
            return end;
          }
          await deadline.race(() => new Promise<void>((resolve) => (wake = resolve)));
        }
      } catch (error) {
        // Closed while it still waited for an item: the end was asked for, not an error.
        if (closed) return end;
        close();
        throw error;
      }
    },
    async return() {
      close();
      return end;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
