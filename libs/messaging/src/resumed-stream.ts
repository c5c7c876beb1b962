import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '@app/kernel';

/** How long whoever serves a stream may be away, from the last item on. */
const PATIENCE_MS = 60_000;
const TRY_AGAIN_MS = 250;

export interface ResumeOptions {
  /** Ends it. */
  signal?: AbortSignal;
  /** Told before it is opened again; what it throws ends the stream. */
  onAway?: (error: DomainError) => void;
}

/**
 * One stream out of several: when the process that serves it ends, it is opened again, for as long as the next one may need
 * to be there. `open` is asked each time, and knows what has come already.
 */
export async function* resumedStream<T>(
  open: () => AsyncIterable<T>,
  { signal, onAway }: ResumeOptions = {},
): AsyncGenerator<T> {
  for (let heardAt = performance.now(); ;) {
    try {
      for await (const item of open()) {
        heardAt = performance.now();
        yield item;
      }
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof DomainError) || error.kind !== 'unavailable') throw error;
      if (performance.now() - heardAt > PATIENCE_MS) throw error;
      onAway?.(error);
    }
    await sleep(TRY_AGAIN_MS, undefined, { signal });
  }
}
