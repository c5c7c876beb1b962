import { newId } from '@app/kernel';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RateLimiter } from './rate-limiter.js';

/** Both adapters pass this. */
export function rateLimiterContract(
  adapter: string,
  open: () => Promise<{ limiter: RateLimiter; close: () => void }>,
): void {
  describe(`the ${adapter} rate limiter`, () => {
    let limiter: RateLimiter;
    let close: () => void;
    beforeAll(async () => void ({ limiter, close } = await open()));
    afterAll(() => close());

    it('lets as many pass as the limit says, and no more', async () => {
      const key = newId();
      const answers = [];
      for (let i = 0; i < 4; i++) answers.push(await limiter.consume(key, 3, 60_000));
      expect(answers.map(({ allowed }) => allowed)).toEqual([true, true, true, false]);
      expect(answers.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0]);
      expect(answers.map(({ count }) => count)).toEqual([1, 2, 3, 4]);
      for (const { resetMs } of answers) expect(resetMs).toSatisfy((ms: number) => ms > 50_000 && ms <= 60_000);
    });

    it('counts each key by itself', async () => {
      const [a, b] = [newId(), newId()];
      await limiter.consume(a, 1, 60_000);
      expect((await limiter.consume(a, 1, 60_000)).allowed).toBe(false);
      expect((await limiter.consume(b, 1, 60_000)).allowed).toBe(true);
    });

    it('lets exactly the limit pass of a burst', async () => {
      const key = newId();
      const answers = await Promise.all(Array.from({ length: 200 }, () => limiter.consume(key, 50, 60_000)));
      expect(answers.filter(({ allowed }) => allowed)).toHaveLength(50);
    });

    it('begins anew when the window is over, and refused requests do not make it longer', async () => {
      const key = newId();
      await limiter.consume(key, 1, 100);
      await vi.waitFor(async () => expect((await limiter.consume(key, 1, 100)).allowed).toBe(true), {
        timeout: 5_000,
        interval: 5,
      });
    });

    it('looks without counting', async () => {
      const key = newId();
      expect(await limiter.peek(key, 1)).toMatchObject({ allowed: true, count: 0, remaining: 1, resetMs: 0 });
      await limiter.consume(key, 1, 60_000);
      expect(await limiter.peek(key, 1)).toMatchObject({ allowed: false, count: 1, remaining: 0 });
      expect(await limiter.peek(key, 2)).toMatchObject({ allowed: true, count: 1, remaining: 1 });
    });
  });
}
