import { EventSourceParserStream } from 'eventsource-parser/stream';
import { Problem } from './problem.js';

export interface ServerEvent {
  id?: string;
  event?: string;
  data: string;
}

/** Opens the stream, after the event of that id if there is one. */
export type OpenStream = (lastEventId: string | null, signal: AbortSignal) => Promise<Response>;

export interface FollowOptions {
  open: OpenStream;
  /** Handles one event; `true` says that it was the last and nothing else will come. */
  onEvent(event: ServerEvent): boolean;
  signal: AbortSignal;
  /** The id of the last event that was handled before. */
  lastEventId?: string | null;
  /** Told whenever the connection is lost and found. */
  onConnected?(connected: boolean): void;
  /** Waits before attempt n (from 1), or until something says that trying again is worth it. */
  wait?(attempt: number, signal: AbortSignal, error: unknown): Promise<void>;
  /** A connection that is silent for so long (the server's heartbeat is 15 s) is given up. */
  silenceMs?: number;
}

/**
 * Follows a stream of server-sent events to its end through any number of broken connections: each new one asks for
 * what comes after the last event that was handled, and an event that comes twice is handled once.
 * Rejects with the Problem when the server refuses for good (4xx but 408 and 429).
 */
export async function follow(options: FollowOptions): Promise<void> {
  const { open, onEvent, signal, onConnected, wait = backOff, silenceMs = 45_000 } = options;
  let last = options.lastEventId ?? null;
  let attempt = 0;
  while (!signal.aborted) {
    const connection = new AbortController();
    const stop = () => connection.abort();
    signal.addEventListener('abort', stop, { once: true });
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(stop, silenceMs);
    };
    let failure: unknown;
    try {
      alive();
      const response = await open(last, connection.signal);
      if (!response.body) return;
      onConnected?.(true);
      for await (const event of events(response.body, alive)) {
        if (signal.aborted) return;
        if (event.id !== undefined && !isLater(event.id, last)) continue;
        attempt = 0;
        const finished = onEvent(event);
        if (event.id !== undefined) last = event.id;
        if (finished) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isFinal(error)) throw error;
      failure = error;
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', stop);
      connection.abort();
    }
    onConnected?.(false);
    attempt += 1;
    await wait(attempt, signal, failure);
  }
}

/** Ids are sequence numbers that only grow; an id of another kind is later unless it is the same. */
export function isLater(id: string, last: string | null): boolean {
  if (last === null) return true;
  const [a, b] = [Number(id), Number(last)];
  return Number.isFinite(a) && Number.isFinite(b) ? a > b : id !== last;
}

function isFinal(error: unknown): boolean {
  return (
    error instanceof Problem &&
    error.status >= 400 &&
    error.status < 500 &&
    error.status !== 408 &&
    error.status !== 429
  );
}

async function* events(body: ReadableStream<Uint8Array>, alive: () => void): AsyncGenerator<ServerEvent> {
  const watched = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        alive();
        controller.enqueue(chunk);
      },
    }),
  );
  const reader = watched
    .pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => undefined); // The connection is gone already: that is what ended the loop.
  }
}

/** 0.25 s, 0.5 s, … 4 s, each a little random; at once when the browser is online again. */
async function backOff(attempt: number, signal: AbortSignal, error: unknown): Promise<void> {
  const asked = error instanceof Problem ? (error.retryAfterMs ?? 0) : 0;
  const delay = Math.max(asked, Math.min(4000, 250 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2));
  await new Promise<void>((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', settle);
      globalThis.removeEventListener?.('online', settle);
      resolve();
    };
    const timer = setTimeout(settle, delay);
    signal.addEventListener('abort', settle, { once: true });
    globalThis.addEventListener?.('online', settle, { once: true });
  });
}
