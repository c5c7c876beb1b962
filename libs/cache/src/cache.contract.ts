import { newId } from '@app/kernel';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Cache, Caches } from './cache.js';

const Value = z.object({ n: z.number(), list: z.array(z.string()).optional() });

/** Both adapters pass this. */
export function cacheContract(adapter: string, open: () => Promise<{ caches: Caches; close: () => void }>): void {
  describe(`the ${adapter} cache`, () => {
    let caches: Caches;
    let close: () => void;
    let cache: Cache<z.output<typeof Value>>;
    beforeAll(async () => {
      ({ caches, close } = await open());
      cache = caches.open(`t.${newId()}`, Value);
    });
    afterAll(() => close());

    it('knows nothing at first', async () => {
      expect(await cache.get('nothing')).toBeUndefined();
    });

    it('gives back what was set, as JSON, and the newest of two', async () => {
      await cache.set('a', { n: 1, list: ['é', '\u0000', '😀'] }, 60_000);
      expect(await cache.get('a')).toEqual({ n: 1, list: ['é', '\u0000', '😀'] });
      await cache.set('a', { n: 2 }, 60_000);
      expect(await cache.get('a')).toEqual({ n: 2 });
    });

    it('keeps a copy: what its owner changes later is not seen', async () => {
      const value = { n: 1 };
      await cache.set('copy', value, 60_000);
      value.n = 2;
      expect(await cache.get('copy')).toEqual({ n: 1 });
    });

    it('forgets after the time', async () => {
      await cache.set('short', { n: 1 }, 30);
      await vi.waitFor(async () => expect(await cache.get('short')).toBeUndefined(), { timeout: 5_000, interval: 10 });
    });

    it('deletes, also what is not there', async () => {
      await cache.set('gone', { n: 1 }, 60_000);
      await cache.delete('gone');
      await cache.delete('gone');
      expect(await cache.get('gone')).toBeUndefined();
    });

    it('keeps the keys of two names apart', async () => {
      const other = caches.open(`t.${newId()}`, Value);
      await cache.set('same', { n: 1 }, 60_000);
      expect(await other.get('same')).toBeUndefined();
    });

    it('does not keep a value of more than 64 KiB, nor the older one in its place', async () => {
      await cache.set('large', { n: 1 }, 60_000);
      await cache.set('large', { n: 2, list: ['x'.repeat(65_536)] }, 60_000);
      expect(await cache.get('large')).toBeUndefined();
    });

    it('takes a value of another shape for none', async () => {
      const name = `t.${newId()}`;
      const before = caches.open(name, z.string());
      await before.set('a', 'text', 60_000);
      const after = caches.open(name, Value);
      expect(await after.get('a')).toBeUndefined();
    });

    it('refuses a key that is empty or too long', async () => {
      await expect(cache.get('')).rejects.toThrow(RangeError);
      await expect(cache.set('x'.repeat(513), { n: 1 }, 1000)).rejects.toThrow(RangeError);
    });
  });
}
