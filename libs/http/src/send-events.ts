import { DomainError } from '@app/kernel';
import { Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GOODBYE, type OpenStream } from './event-streams.js';
import { errorOf, openAiErrorOf, problemOf } from './problem.js';
import { isOpenAiPath } from './problem.filter.js';
import { clientLeft } from './request.js';

/** One server-sent event. `data` that is not a string is written as JSON. */
export interface SseEvent {
  /** Given back by the client as `Last-Event-ID` when it connects again. */
  id?: string | number;
  event?: string;
  data: unknown;
}

export interface SendEventsOptions {
  /**
   * At shutdown: `close` ends the stream with a comment, for clients that take it up again with `Last-Event-ID`;
   * `finish` lets it come to its end within the grace period. Default `close`.
   */
  onShutdown?: 'close' | 'finish';
  /** How long a failure of the first event may still become a plain error response. Default 250 ms. */
  headersWithinMs?: number;
}

/** The events, or how to make them; `signal` aborts when the client leaves or the stream is closed. */
export type EventSource = AsyncIterable<SseEvent> | ((signal: AbortSignal) => AsyncIterable<SseEvent>);

const logger = new Logger('Http');

/**
 * Answers with server-sent events until they end or the client leaves, and resolves then. Nothing is read from the
 * source while the client's buffer is full. A source that fails before its first event gives a plain error response;
 * later, an event `error` with the problem (on `/v1`: data with OpenAI's error), and the end.
 *
 * `stream(@Res() reply: FastifyReply, @Req() request: FastifyRequest) { return sendEvents(reply, request, …) }`
 */
export async function sendEvents(
  reply: FastifyReply,
  request: FastifyRequest,
  source: EventSource,
  options: SendEventsOptions = {},
): Promise<void> {
  const { onShutdown = 'close', headersWithinMs = 250 } = options;
  const client = new AbortController();
  const { raw } = reply;
  if (raw.destroyed) return;
  const closed = Promise.withResolvers<void>();
  raw.once('close', () => {
    client.abort(clientLeft());
    closed.resolve();
  });

  const events = (typeof source === 'function' ? source(client.signal) : source)[Symbol.asyncIterator]();
  try {
    const first = events.next();
    const { promise: waited, resolve: stopWaiting } = Promise.withResolvers<void>();
    const timer = setTimeout(stopWaiting, headersWithinMs);
    // Headers wait a moment for the first event, so that "not found" is a status and not a broken stream.
    await Promise.race([first, closed.promise, waited]).finally(() => clearTimeout(timer));
    if (raw.destroyed) {
      first.catch(() => undefined); // Its reader is gone; `finally` below tells the producer.
      return;
    }
    openStream(reply);
    if (request.method === 'HEAD') {
      raw.end();
      first.catch(() => undefined);
      return;
    }
    const stream: OpenStream = {
      raw,
      active: true,
      onShutdown,
      close: (comment) => {
        raw.end(`: ${comment}\n\n`);
        client.abort(new DomainError('cancelled', 'platform.shutting-down', 'The server is shutting down.'));
        closed.resolve();
      },
    };
    request.server.eventStreams.add(stream);
    try {
      await Promise.race([pump(events, first, stream, request), closed.promise]);
    } finally {
      request.server.eventStreams.remove(stream);
    }
  } finally {
    // Not awaited: a producer that is busy must not keep the response open.
    if (!client.signal.aborted) client.abort(clientLeft());
    events
      .return?.()
      ?.catch((error: unknown) => logger.debug({ msg: 'A stream failed while it was closed', err: error }));
  }
}

async function pump(
  events: AsyncIterator<SseEvent>,
  first: Promise<IteratorResult<SseEvent>>,
  stream: OpenStream,
  request: FastifyRequest,
): Promise<void> {
  const { raw } = stream;
  try {
    for (let item = await first; !item.done; item = await events.next()) {
      if (raw.writableEnded || raw.destroyed) return;
      stream.active = true;
      if (!raw.write(format(item.value))) await drained(raw);
    }
  } catch (thrown) {
    if (raw.writableEnded || raw.destroyed) return;
    const error = errorOf(thrown);
    // The process behind this one ends in order: the client takes the stream up again, and gets it from another one.
    if (error.code === 'platform.shutting-down' && stream.onShutdown === 'close') return stream.close(GOODBYE);
    raw.write(failure(error, request));
  }
  raw.end();
}

function openStream(reply: FastifyReply): void {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  // `no-transform` and `X-Accel-Buffering` keep proxies from compressing or collecting what must arrive at once.
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  reply.raw.flushHeaders();
}

/** One event on the wire. A line break inside a value would end the field, so data gets one `data:` a line. */
export function format({ id, event, data }: SseEvent): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  let frame = '';
  if (id !== undefined) frame += `id: ${id}\n`;
  if (event !== undefined) frame += `event: ${event}\n`;
  // JSON never holds a raw line break; only text can.
  if (typeof data === 'string' && /[\r\n]/.test(text)) {
    for (const line of text.split(/\r\n|\r|\n/)) frame += `data: ${line}\n`;
    return `${frame}\n`;
  }
  return `${frame}data: ${text}\n\n`;
}

function failure(error: DomainError, request: FastifyRequest): string {
  request.errorCode = error.code;
  if (error.kind === 'internal') {
    logger.error({ msg: 'A stream failed', requestId: request.id, code: error.code, err: error.cause ?? error });
  }
  return isOpenAiPath(request.url)
    ? format({ data: openAiErrorOf(error) })
    : format({ event: 'error', data: problemOf(error, request.id) });
}

const drained = (raw: OpenStream['raw']) =>
  new Promise<void>((resolve) => {
    const done = () => {
      raw.off('drain', done);
      raw.off('close', done);
      resolve();
    };
    raw.once('drain', done);
    raw.once('close', done);
  });
