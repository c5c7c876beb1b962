import type { ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import parseRange from 'range-parser';
import { clientLeft } from './request.js';

const logger = new Logger('Http');

/** Bytes that never change, under a strong ETag. */
export interface SentFile {
  name: string;
  /** application/octet-stream when left out. */
  type?: string;
  sizeBytes: number;
  /** With its quotes. */
  etag: string;
  cacheControl: string;
  /**
   * The bytes from `start` to `end`, both included. A chunk is done with before the next is asked for, so its memory may be
   * used again: what is copied into fresh memory for each chunk takes twice the time.
   */
  read(start: number, end: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/**
 * Answers GET and HEAD with a file: whole, or the one range that was asked for (several at once are answered with the
 * whole, as HTTP allows). `If-Range` with another ETag gets the whole, `If-None-Match` with this one gets 304.
 */
export async function sendFile(reply: FastifyReply, request: FastifyRequest, file: SentFile): Promise<void> {
  const { sizeBytes, etag } = file;
  reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'cache-control': file.cacheControl,
    'content-disposition': `attachment; filename="${file.name.replace(/[^\w.-]/g, '_')}"`,
  });
  if (namesTag(request.headers['if-none-match'], etag)) return void reply.status(304).send();
  const range = rangeOf(request, sizeBytes, etag);
  if (range === 'unsatisfiable') return void reply.status(416).header('content-range', `bytes */${sizeBytes}`).send();
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  reply.type(file.type ?? 'application/octet-stream').header('content-length', end - start + 1);
  if (range) reply.header('content-range', `bytes ${start}-${end}/${sizeBytes}`);
  reply.status(range ? 206 : 200);
  // Fastify would read the whole file to find that nothing of it is sent.
  if (request.method === 'HEAD' || sizeBytes === 0) return void begin(reply).end();
  await sendBytes(reply, (signal) => file.read(start, end, signal));
}

/** Resolves when the last byte is out of our hands or the client left; a failure before the first byte is an error response. */
async function sendBytes(reply: FastifyReply, read: (signal: AbortSignal) => AsyncIterable<Uint8Array>): Promise<void> {
  const client = new AbortController();
  const closed = Promise.withResolvers<false>();
  reply.raw.once('close', () => {
    client.abort(clientLeft());
    closed.resolve(false);
  });
  const chunks = read(client.signal)[Symbol.asyncIterator]();
  try {
    let { done, value } = await chunks.next();
    const raw = begin(reply);
    for (; !done; { done, value } = await chunks.next()) {
      if (!(await Promise.race([written(raw, value as Uint8Array), closed.promise]))) return;
    }
    raw.end();
    await closed.promise;
  } catch (error) {
    if (client.signal.aborted) return;
    if (!reply.sent) throw error;
    // The length was promised: whoever reads must see that it is not all.
    logger.warn({ msg: 'A file broke off while it was sent.', err: error });
    reply.raw.destroy();
  } finally {
    await chunks.return?.();
  }
}

/** False: the connection is gone. */
const written = (raw: ServerResponse, chunk: Uint8Array): Promise<boolean> =>
  new Promise((resolve) => raw.write(chunk, (error) => resolve(!error)));

function rangeOf(request: FastifyRequest, size: number, etag: string) {
  const { range, 'if-range': condition } = request.headers;
  if (!range || (condition !== undefined && condition !== etag)) return null;
  const ranges = parseRange(size, range, { combine: true });
  if (ranges === -1) return 'unsatisfiable';
  // What is no range of bytes at all is ignored.
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return null;
  return ranges[0]!;
}

const namesTag = (header: string | undefined, etag: string): boolean =>
  header !== undefined && header.split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()));

/** The headers go out; from here on the response is ours. */
function begin(reply: FastifyReply): ServerResponse {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value);
  return reply.raw.writeHead(reply.statusCode);
}
