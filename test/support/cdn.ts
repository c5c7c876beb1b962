import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import parseRange from 'range-parser';

interface Kept {
  headers: IncomingMessage['headers'];
  bytes: Buffer;
}

/**
 * A CDN in front of `/files/`: it keeps what is `public`, passes the rest on, and gives ranges of what it keeps. It has an
 * address, and so an origin, of its own.
 */
export class Cdn {
  /** The server behind it. */
  origin = '';
  /** Paths in whose bytes one is changed on the way, as by a broken cache. */
  readonly broken = new Set<string>();
  /** Paths whose answers stop in the middle, and never end. */
  readonly stuck = new Set<string>();
  /** What was asked of it, and what of that it had. */
  readonly asked: { path: string; range: string | undefined; hit: boolean }[] = [];
  private readonly kept = new Map<string, Kept>();
  private readonly server = createServer((incoming, outgoing) => {
    this.answer(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const path = incoming.url ?? '/';
    if (!path.startsWith('/files/')) return void outgoing.writeHead(404).end();
    const { range } = incoming.headers;
    const known = this.kept.get(path);
    this.asked.push({ path, range, hit: known !== undefined });
    const { status, headers, bytes } = known ? { status: 200, ...known } : await this.fetch(path, incoming);
    if (status === 200 && headers['cache-control']?.startsWith('public')) this.kept.set(path, { headers, bytes });
    const sent = this.broken.has(path.split('?', 1)[0]!) ? withOneWrong(bytes) : bytes;
    const ranges = range && status === 200 ? parseRange(sent.length, range) : undefined;
    const part = Array.isArray(ranges) ? ranges[0] : undefined;
    const body = part ? sent.subarray(part.start, part.end + 1) : sent;
    outgoing.writeHead(part ? 206 : status, {
      ...headers,
      'content-length': body.length,
      ...(part && { 'content-range': `bytes ${part.start}-${part.end}/${sent.length}` }),
    });
    if (this.stuck.has(path.split('?', 1)[0]!)) outgoing.write(body.subarray(0, body.length >> 1));
    else outgoing.end(body);
  }

  /** The whole of it: later readers may want other parts. */
  private fetch(path: string, { method }: IncomingMessage): Promise<Kept & { status: number }> {
    const { promise, resolve, reject } = Promise.withResolvers<Kept & { status: number }>();
    const asking = request(this.origin + path, { method }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const { connection: _one, 'transfer-encoding': _two, 'keep-alive': _three, ...headers } = response.headers;
        resolve({ status: response.statusCode ?? 502, headers, bytes: Buffer.concat(chunks) });
      });
    });
    asking.once('error', reject).end();
    return promise;
  }
}

function withOneWrong(bytes: Buffer): Buffer {
  const wrong = Buffer.from(bytes);
  const at = wrong.length >> 1;
  wrong[at] = wrong[at]! ^ 1;
  return wrong;
}
