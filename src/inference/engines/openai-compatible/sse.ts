import { createParser } from 'eventsource-parser';
import { UpstreamError } from './upstream-error.js';
import type { UpstreamBody } from './upstream-http.js';

/** A longer event is no token of any model. */
const maxEventBytes = 1_048_576;

const END_WITHIN_MS = 1_000;

/** The data of each server-sent event of a body, up to `[DONE]`. Leaving the loop closes the connection. */
export async function* readSse(body: UpstreamBody): AsyncGenerator<string, void, void> {
  let events: string[] = [];
  let tooLong = false;
  const parser = createParser({
    maxBufferSize: maxEventBytes,
    onEvent: ({ data }) => events.push(data),
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') tooLong = true;
    },
  });
  const decoder = new TextDecoder();
  let complete = false;
  try {
    for await (const part of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      parser.feed(decoder.decode(part, { stream: true }));
      if (tooLong) throw UpstreamError.ofProtocol('an event is too long');
      for (const data of events) {
        if (data === '[DONE]') {
          complete = true;
          return;
        }
        yield data;
      }
      events = [];
    }
  } finally {
    if (complete) readToEnd(body);
    else body.destroy();
  }
}

/** The end of the body follows at once, and then the connection can be used again; nobody waits for it. */
function readToEnd(body: UpstreamBody): void {
  if (body.closed) return;
  const late = setTimeout(() => body.destroy(), END_WITHIN_MS).unref();
  body.once('close', () => clearTimeout(late)).resume();
}
