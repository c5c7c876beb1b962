import { newId } from '@app/kernel';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Throttle } from './throttle.js';

const limits = { free: 3, baseMs: 60_000, maxMs: 100_000, forgetMs: 600_000 };
const seconds = (ms: number) => Math.ceil(ms / 1000);

/** Both adapters pass this. */
export function throttleContract(
  adapter: string,
  open: () => Promise<{ throttle: Throttle; close: () => void }>,
): void {
  describe(`the ${adapter} throttle`, () => {
    let throttle: Throttle;
    let close: () => void;
    let key: string;
    beforeAll(async () => void ({ throttle, close } = await open()));
    afterAll(() => close());
    const fresh = () => void (key = newId());
    const attempt = async (of = limits) => seconds(await throttle.attempt(key, of));
    const untilPassed = (of: typeof limits) =>
      vi.waitFor(async () => expect(await throttle.attempt(key, of)).toBe(0), { timeout: 5_000, interval: 5 });

    it('lets a few pass, then refuses, and says for how long', async () => {
      fresh();
      expect([await attempt(), await attempt(), await attempt()]).toEqual([0, 0, 0]);
      expect(await attempt()).toBe(60);
    });

    it('lets exactly those few of a burst pass', async () => {
      fresh();
      const waits = await Promise.all(Array.from({ length: 50 }, () => throttle.attempt(key, limits)));
      expect(waits.filter((ms) => ms === 0)).toHaveLength(3);
    });

    it('makes each further one wait twice as long, up to a limit', async () => {
      fresh();
      const quick = { free: 1, baseMs: 40, maxMs: 100, forgetMs: 60_000 };
      const waits = [];
      for (let i = 0; i < 3; i++) {
        await untilPassed(quick);
        waits.push(await throttle.attempt(key, quick));
      }
      const [first, second, third] = waits;
      expect(first).toBeLessThanOrEqual(40);
      expect(second).toSatisfy((ms: number) => ms > 40 && ms <= 80);
      expect(third).toSatisfy((ms: number) => ms > 80 && ms <= 100);
    });

    it('counts each key by itself', async () => {
      fresh();
      for (let i = 0; i < 3; i++) await attempt();
      expect(await attempt()).toBe(60);
      fresh();
      expect(await attempt()).toBe(0);
    });

    it('forgets after success', async () => {
      fresh();
      for (let i = 0; i < 3; i++) await attempt();
      await throttle.forget(key);
      expect([await attempt(), await attempt(), await attempt()]).toEqual([0, 0, 0]);
    });

    it('forgets after a while', async () => {
      fresh();
      const brief = { free: 2, baseMs: 20, maxMs: 20, forgetMs: 60 };
      const attempts = async () => [await throttle.attempt(key, brief), await throttle.attempt(key, brief)];
      await attempts();
      await vi.waitFor(async () => {
        await new Promise((resolve) => setTimeout(resolve, brief.forgetMs + 20));
        expect(await attempts()).toEqual([0, 0]);
      }, 15_000);
    });

    it('takes back one attempt alone', async () => {
      fresh();
      for (let i = 0; i < 10; i++) {
        expect(await attempt()).toBe(0);
        await throttle.takeBack(key);
      }
      for (let i = 0; i < 3; i++) expect(await attempt()).toBe(0);
      expect(await attempt()).toBe(60);
      await throttle.takeBack(newId());
    });
  });
}
