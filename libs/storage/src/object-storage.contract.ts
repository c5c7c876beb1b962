import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Expected, ObjectStorage } from './object-storage.js';

const problem = (code: string) => expect.objectContaining({ code: `storage.${code}` });

async function* inChunks(bytes: Buffer, size = 300_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const expected = (bytes: Buffer): Expected => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  sizeBytes: bytes.length,
});

/**
 * Both adapters pass this.
 * @param large bytes that the adapter sends in several parts
 */
export function objectStorageContract(
  adapter: string,
  large: number,
  open: () => Promise<{ storage: ObjectStorage; close: () => unknown }>,
): void {
  describe(`the ${adapter} storage`, () => {
    let storage: ObjectStorage;
    let close: () => unknown;
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'parley-storage-'));
      ({ storage, close } = await open());
    });
    afterAll(async () => {
      await close();
      rmSync(folder, { recursive: true, force: true });
    });

    const put = (key: string, bytes: Buffer) => storage.put(key, inChunks(bytes), expected(bytes));
    const read = async (key: string, range?: { from?: number; length?: number }) => {
      const chunks: Buffer[] = [];
      for await (const chunk of storage.get(key, range)) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks);
    };

    it('can be reached', async () => {
      await storage.check();
    });

    it.each([0, 1, 300_000, large])('gives back %i bytes as they were put', async (size) => {
      const bytes = randomBytes(size);
      await put(`sizes/${size}.bin`, bytes);
      expect(expected(await read(`sizes/${size}.bin`))).toEqual(expected(bytes));
      expect(await storage.stat(`sizes/${size}.bin`)).toMatchObject({ key: `sizes/${size}.bin`, sizeBytes: size });
    });

    it('notes the digest, or says that it does not', async () => {
      const bytes = randomBytes(10);
      await put('digest', bytes);
      expect([null, expected(bytes).sha256]).toContain((await storage.stat('digest'))!.sha256);
    });

    it('checks the size alone of what nobody knows the digest of', async () => {
      const bytes = randomBytes(1_000);
      await storage.put('unknown', inChunks(bytes), { sha256: null, sizeBytes: 1_000 });
      expect(await read('unknown')).toEqual(bytes);
      expect((await storage.stat('unknown'))!.sha256).toBeNull();
      const longer = storage.put('unknown', inChunks(bytes), { sha256: null, sizeBytes: 999 });
      await expect(longer).rejects.toEqual(problem('wrong-size'));
    });

    it('gives a part', async () => {
      const bytes = randomBytes(2_000_000);
      await put('range', bytes);
      const isEqual = (part: Buffer, wanted: Buffer) => expect(expected(part)).toEqual(expected(wanted));
      isEqual(await read('range', { from: 1_500_000 }), bytes.subarray(1_500_000));
      isEqual(await read('range', { from: 10, length: 1_200_000 }), bytes.subarray(10, 1_200_010));
      expect(await read('range', { from: 1_999_999, length: 10 })).toEqual(bytes.subarray(1_999_999));
      expect(await read('range', { from: 2_000_000 })).toHaveLength(0);
      expect(await read('range', { length: 0 })).toHaveLength(0);
    });

    it('can be left in the middle of an object', async () => {
      await put('left', randomBytes(3_000_000));
      for await (const chunk of storage.get('left')) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect(await read('left')).toHaveLength(3_000_000);
    });

    it('replaces an object as a whole', async () => {
      await put('replaced', Buffer.from('old and long'));
      await put('replaced', Buffer.from('new'));
      expect((await read('replaced')).toString()).toBe('new');
    });

    it.each([1_000, large])('keeps nothing of %i bytes that are not the expected ones', async (size) => {
      const [right, wrong] = [randomBytes(size), randomBytes(size)];
      const key = `wrong/${size}`;
      await expect(storage.put(key, inChunks(wrong), expected(right))).rejects.toEqual(problem('wrong-digest'));
      await expect(storage.put(key, inChunks(right.subarray(1)), expected(right))).rejects.toEqual(
        problem('wrong-size'),
      );
      const more = Buffer.concat([right, right]);
      await expect(storage.put(key, inChunks(more), expected(right))).rejects.toEqual(problem('wrong-size'));
      expect(await storage.stat(key)).toBeNull();
      // What was there before stays.
      await put(key, right);
      await expect(storage.put(key, inChunks(wrong), expected(right))).rejects.toEqual(problem('wrong-digest'));
      expect(expected(await read(key))).toEqual(expected(right));
    });

    it('keeps nothing when the bytes end with an error, or the signal aborts', async () => {
      const bytes = randomBytes(large);
      async function* broken() {
        yield* inChunks(bytes.subarray(0, large - 1_000));
        throw new Error('broken');
      }
      await expect(storage.put('broken', broken(), expected(bytes))).rejects.toThrow('broken');
      const stop = new AbortController();
      async function* stopped() {
        yield* inChunks(bytes.subarray(0, large - 1_000));
        stop.abort(new Error('stopped'));
        yield bytes.subarray(large - 1_000);
      }
      await expect(storage.put('broken', stopped(), expected(bytes), stop.signal)).rejects.toThrow('stopped');
      expect(await storage.stat('broken')).toBeNull();
    });

    it('takes over a local file', async () => {
      const bytes = randomBytes(large);
      const path = join(folder, 'file');
      await writeFile(path, bytes);
      await storage.adopt('adopted', path, expected(bytes));
      expect(expected(await read('adopted'))).toEqual(expected(bytes));
      await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('knows what is not there', async () => {
      expect(await storage.stat('absent')).toBeNull();
      await expect(read('absent')).rejects.toEqual(problem('not-found'));
      await storage.delete('absent');
      await put('gone', Buffer.from('x'));
      await storage.delete('gone');
      expect(await storage.stat('gone')).toBeNull();
    });

    it('lists by prefix, in order, page by page', async () => {
      const keys = ['a', 'b/c', 'b/d', 'b-e', 'bf'].map((name) => `list/${name}`);
      for (const key of keys) await put(key, Buffer.from(key));
      const seen: string[] = [];
      for (let after: string | undefined; ;) {
        const { objects, next } = await storage.list('list/', { after, limit: 2 });
        expect(objects.length).toBeLessThanOrEqual(2);
        seen.push(...objects.map(({ key }) => key));
        if (next === null) break;
        after = next;
      }
      expect(seen).toEqual(['list/a', 'list/b-e', 'list/b/c', 'list/b/d', 'list/bf']);
      expect((await storage.list('list/b/')).objects).toMatchObject([{ sizeBytes: 8 }, { sizeBytes: 8 }]);
      expect(await storage.list('nothing/')).toEqual({ objects: [], next: null });
    });

    it.each(['', '/a', 'a/', 'a//b', '.', '..', '../a', 'a/../b', '.partial/x', 'a/.b', 'a\\b', 'a b', 'a\u0000', 'é'])(
      'refuses the key %j',
      async (key) => {
        await expect(put(key, Buffer.from('x'))).rejects.toEqual(problem('invalid-key'));
        await expect(read(key)).rejects.toEqual(problem('invalid-key'));
        await expect(storage.stat(key)).rejects.toEqual(problem('invalid-key'));
        await expect(storage.delete(key)).rejects.toEqual(problem('invalid-key'));
      },
    );

    it('gives a URL that anybody may read at, where it has such', async () => {
      await put('signed', Buffer.from('hello'));
      const url = await storage.presign('signed', 60);
      if (url === null) return;
      expect(await (await fetch(url)).text()).toBe('hello');
      const part = await fetch(url, { headers: { range: 'bytes=1-2' } });
      expect([part.status, await part.text()]).toEqual([206, 'el']);
      expect((await fetch(url.replace(/X-Amz-Signature=./, 'X-Amz-Signature=z'))).status).toBe(403);
    });

    it('ends what a URL allows, and says with it how the bytes are to be kept', async () => {
      await put('brief', Buffer.from('hello'));
      const headers = {
        cacheControl: 'private, max-age=31536000, immutable',
        contentDisposition: 'attachment; filename="a.bin"',
        contentType: 'application/octet-stream',
      };
      const url = await storage.presign('brief', 1, headers);
      if (url === null) return;
      const read = await fetch(url);
      expect([read.status, await read.text()]).toEqual([200, 'hello']);
      expect(Object.fromEntries(read.headers)).toMatchObject({
        'cache-control': headers.cacheControl,
        'content-disposition': headers.contentDisposition,
        'content-type': headers.contentType,
      });
      await expect.poll(async () => (await fetch(url)).status, { timeout: 20_000, interval: 200 }).toBe(403);
    });
  });
}
