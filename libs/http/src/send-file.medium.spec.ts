import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendFile } from './send-file.js';

const GIB = 2 ** 30;
const etag = '"the-digest"';
let folder: string;
let http: FastifyInstance;
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-send-'));
  http = Fastify();
  http.get<{ Params: { name: string; size: string } }>('/:name/:size', (request, reply) => {
    const { name, size } = request.params;
    return sendFile(reply, request, {
      ...{ name: 'a "file".gguf', sizeBytes: Number(size), etag, cacheControl: 'public, immutable' },
      read: (start, end) => createReadStream(join(folder, name), { start, end, highWaterMark: 2 ** 20 }),
    }).then(() => reply);
  });
  await http.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`;
  await using file = await open(join(folder, 'small'), 'w');
  await file.write('0123456789');
});
afterAll(async () => {
  await http.close();
  await rm(folder, { recursive: true, force: true });
});

const ask = async (headers: Record<string, string> = {}, method = 'GET') => {
  const response = await fetch(`${url}/small/10`, { method, headers });
  return {
    status: response.status,
    body: await response.text(),
    range: response.headers.get('content-range'),
    length: response.headers.get('content-length'),
    headers: response.headers,
  };
};

/** The first `most` bytes that come from `from` on, and then the connection is cut. */
function receive(path: string, from: number, most: number, take: (chunk: Buffer) => void): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { range: `bytes=${from}-`, 'if-range': etag };
  const request = get(`${url}/${path}`, { headers, agent: false }, (response: IncomingMessage) => {
    let received = 0;
    response.on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, most - received);
      received += part.length;
      take(part);
      if (received < most) return;
      response.destroy();
      resolve(received);
    });
    response.once('end', () => resolve(received));
    response.once('error', reject);
  });
  request.once('error', reject);
  return promise;
}

describe('a file over HTTP', () => {
  it('comes whole, under its digest, to be kept for good', async () => {
    const { status, body, headers } = await ask();
    expect([status, body]).toEqual([200, '0123456789']);
    expect(Object.fromEntries(headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'cache-control': 'public, immutable',
      'content-disposition': 'attachment; filename="a__file_.gguf"',
      'content-length': '10',
      'content-type': 'application/octet-stream',
      etag,
    });
  });

  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=5-100', '56789', 'bytes 5-9/10'],
  ])('gives %s', async (range, text, contentRange) => {
    expect(await ask({ range })).toMatchObject({ status: 206, body: text, range: contentRange });
  });

  it.each([['bytes=0-1,8-9'], ['lines=1-2'], ['nonsense']])('gives the whole where %s is asked for', async (range) => {
    expect(await ask({ range })).toMatchObject({ status: 200, body: '0123456789', range: null });
  });

  it('refuses a range behind its end', async () => {
    expect(await ask({ range: 'bytes=10-' })).toMatchObject({ status: 416, range: 'bytes */10', body: '' });
  });

  it('gives a range only of the same bytes', async () => {
    expect(await ask({ range: 'bytes=2-4', 'if-range': etag })).toMatchObject({ status: 206, body: '234' });
    expect(await ask({ range: 'bytes=2-4', 'if-range': '"other"' })).toMatchObject({ status: 200, length: '10' });
  });

  it('is not sent to whoever has it', async () => {
    for (const tag of [etag, `W/${etag}`, '*', `"a", ${etag}`])
      expect(await ask({ 'if-none-match': tag })).toMatchObject({ status: 304, body: '' });
    expect(await ask({ 'if-none-match': '"other"' })).toMatchObject({ status: 200 });
  });

  it('tells HEAD its size without a byte', async () => {
    expect(await ask({}, 'HEAD')).toMatchObject({ status: 200, length: '10', body: '' });
    expect(await ask({ range: 'bytes=2-4' }, 'HEAD')).toMatchObject({ status: 206, length: '3' });
  });

  it('of 2 GiB, cut ten times on its way, has the right digest in the end', async (context) => {
    const size = 2 * GIB;
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < GIB) return context.skip('less than 1 GiB is free');
    // Sparse: it takes no room, and is read like any other.
    await using file = await open(join(folder, 'large'), 'w');
    for (let at = 0; at < size; at += 64 * 2 ** 20) await file.write(`byte ${at}`, at);
    await file.truncate(size);
    const expected = createHash('sha256');
    for await (const chunk of createReadStream(join(folder, 'large'), { highWaterMark: 2 ** 20 }))
      expected.update(chunk);

    const hash = createHash('sha256');
    let received = 0;
    let connections = 0;
    while (received < size) {
      connections += 1;
      // Anywhere, but never at the end of a piece.
      const most = connections <= 10 ? Math.floor(size / 11) - 12_345 * connections : Infinity;
      received += await receive(`large/${size}`, received, most, (chunk) => hash.update(chunk));
    }
    expect([connections, received]).toEqual([11, size]);
    expect(hash.digest('hex')).toBe(expected.digest('hex'));
  }, 120_000);
});
