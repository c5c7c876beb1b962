import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import parseRange from 'range-parser';

/** Bytes that never change, under a strong ETag. */
export interface SentFile {
  name: string;
  /** application/octet-stream when left out. */
  type?: string;
  sizeBytes: number;
  /** With its quotes. */
  etag: string;
  cacheControl: string;
  /** The bytes from `start` to `end`, both included. */
  open(start: number, end: number): Promise<Readable> | Readable;
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
  if (request.method === 'HEAD') return endWithoutBody(reply);
  await reply.send(sizeBytes === 0 ? Readable.from([]) : await file.open(start, end));
}

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

/** Fastify would read the whole file to find that nothing of it is sent. */
function endWithoutBody(reply: FastifyReply): void {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value);
  reply.raw.writeHead(reply.statusCode).end();
}
