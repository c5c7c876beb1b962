import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeHub extends AsyncDisposable {
  /** Without a slash at the end. */
  url: string;
  requests: { url: string; headers: IncomingHttpHeaders }[];
  /** Changes what it answers from now on. */
  respond(answer: HubAnswer): void;
}

export type HubAnswer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback that answers every request as a test wants, and remembers what it was asked. */
export async function startFakeHub(answer: HubAnswer): Promise<FakeHub> {
  const requests: FakeHub['requests'] = [];
  let current = answer;
  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', headers: request.headers });
    current(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    respond: (next) => (current = next),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface ServeOptions {
  /** The connection is cut after so many bytes of each answer. */
  cutAfter?: number;
  /** Answers whole files to requests for a part, as some mirrors do. */
  ignoreRange?: boolean;
  /** Bytes of one write; the next one waits for `pause`. */
  chunkBytes?: number;
  pause?: () => Promise<unknown>;
}

/** Answers with the bytes of a file, or from where `Range: bytes=N-` says. */
export function serveBytes(bytes: Uint8Array, options: ServeOptions = {}): HubAnswer {
  const { cutAfter = Infinity, ignoreRange = false, chunkBytes = 64 * 1024, pause } = options;
  return (request, response) => {
    const range = ignoreRange ? null : /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const from = range ? Number(range[1]) : 0;
    response.writeHead(range ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': bytes.length - from,
      ...(range && { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    const end = Math.min(bytes.length, from + cutAfter);
    void (async () => {
      const closed = new Promise((resolve) => response.once('close', resolve));
      for (let at = from; at < end && !response.destroyed; at += chunkBytes) {
        const chunk = bytes.subarray(at, Math.min(end, at + chunkBytes));
        await Promise.race([new Promise((resolve) => response.write(chunk, resolve)), closed]);
        await Promise.race([pause?.(), closed]);
      }
      // What is destroyed at once may take back what was written before.
      if (end < bytes.length) setImmediate(() => response.destroy());
      else response.end();
    })();
  };
}
