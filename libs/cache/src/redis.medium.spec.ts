import { Logger } from '@nestjs/common';
import { newId } from '@app/kernel';
import { NetworkPath } from '@app/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { cacheContract } from './cache.contract.js';
import { rateLimiterContract } from './rate-limiter.contract.js';
import { RedisCaches } from './redis.caches.js';
import { RedisConnection } from './redis-connection.js';
import { RedisRateLimiter } from './redis.rate-limiter.js';
import { RedisThrottle } from './redis.throttle.js';
import { throttleContract } from './throttle.contract.js';

const url = process.env['TEST_REDIS_URL'];

/** Keys of its own in the server that all tests share. */
async function connected(prefix = `test-${newId()}:`) {
  const connection = await RedisConnection.to({ url: url ?? '', prefix, commandTimeoutMs: 5_000 });
  await connection.open();
  return { connection, close: () => connection.close() };
}

if (url) {
  cacheContract('Redis', async () => {
    const { connection, close } = await connected();
    return { caches: new RedisCaches(connection), close };
  });
  rateLimiterContract('Redis', async () => {
    const { connection, close } = await connected();
    return { limiter: new RedisRateLimiter(connection), close };
  });
  throttleContract('Redis', async () => {
    const { connection, close } = await connected();
    return { throttle: new RedisThrottle(connection), close };
  });
}

describe.skipIf(!url)('two processes that share a Redis', () => {
  const open: (() => void)[] = [];
  afterEach(() => open.splice(0).forEach((close) => close()));
  const both = async () => {
    const prefix = `test-${newId()}:`;
    const [a, b] = [await connected(prefix), await connected(prefix)];
    open.push(a.close, b.close);
    return [a.connection, b.connection] as const;
  };

  it('share one limit, exactly', async () => {
    const [a, b] = (await both()).map((connection) => new RedisRateLimiter(connection));
    const asked = Array.from({ length: 100 }, (_, i) => (i % 2 ? a : b)!.consume('k', 30, 60_000));
    expect((await Promise.all(asked)).filter(({ allowed }) => allowed)).toHaveLength(30);
  });

  it('share what is cached, and what is deleted', async () => {
    const [a, b] = (await both()).map((connection) => new RedisCaches(connection).open('t.values', z.number()));
    await a!.set('k', 1, 60_000);
    expect(await b!.get('k')).toBe(1);
    await b!.delete('k');
    expect(await a!.get('k')).toBeUndefined();
  });

  it('share failures', async () => {
    const [a, b] = (await both()).map((connection) => new RedisThrottle(connection));
    const limits = { free: 2, baseMs: 60_000, maxMs: 60_000, forgetMs: 60_000 };
    expect(await a!.attempt('k', limits)).toBe(0);
    expect(await b!.attempt('k', limits)).toBe(0);
    expect(await a!.attempt('k', limits)).toBeGreaterThan(50_000);
  });
});

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe('a Redis that fails', () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const log = vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
    warn.mockClear();
    log.mockClear();
  });

  async function connectionTo(at: string) {
    const connection = await RedisConnection.to({
      ...{ url: at, prefix: `test-${newId()}:` },
      ...{ commandTimeoutMs: 200, probeMs: 50 },
    });
    await connection.open();
    ends.push(() => connection.close());
    return connection;
  }

  async function pathToRedis() {
    const path = await NetworkPath.to(url!);
    ends.push(() => path.cut());
    return path;
  }

  it.skipIf(!url)('is done without, told of once, and used again when it is back', async () => {
    const path = await pathToRedis();
    const connection = await connectionTo(path.url);
    const limiter = new RedisRateLimiter(connection);
    const cache = new RedisCaches(connection).open('t.values', z.number());
    const count = async () => (await limiter.consume('k', 10, 600_000)).count;
    expect([await count(), await count()]).toEqual([1, 2]);
    await cache.set('a', 1, 600_000);

    path.cut();
    // The count of this process alone begins at one, and holds.
    for (let i = 1; i <= 20; i++) expect(await count()).toBe(i);
    expect(await cache.get('a')).toBeUndefined();
    await cache.set('a', 2, 600_000);
    expect(await cache.get('a')).toBe(2);
    await expect(connection.ping()).rejects.toMatchObject({ code: 'platform.redis-unavailable' });
    expect(warn).toHaveBeenCalledTimes(1);

    await path.heal();
    await eventually(async () => expect(log).toHaveBeenCalledTimes(1));
    expect(await count()).toBe(3);
    expect(await cache.get('a')).toBe(1);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it.skipIf(!url)('is waited for a few times when it hangs, then by nobody', async () => {
    const path = await pathToRedis();
    const limiter = new RedisRateLimiter(await connectionTo(path.url));
    const count = async () => (await limiter.consume('k', 1_000, 600_000)).count;
    expect(await count()).toBe(1);
    path.hold();
    for (let i = 1; i <= 3; i++) expect(await count()).toBe(i);
    let waited = false;
    setImmediate(() => (waited = true));
    // In one turn of the event loop: none of them waited for anything.
    for (let i = 4; i <= 500; i++) expect(await count()).toBe(i);
    expect(waited).toBe(false);
    path.release();
    await eventually(async () => expect(log).toHaveBeenCalledTimes(1));
    // What was sent before it hung did arrive: the shared count goes on from there.
    expect(await count()).toBeLessThan(10);
  });

  it('does not keep anybody from starting', async () => {
    const path = await NetworkPath.to('redis://127.0.0.1:1');
    path.cut();
    const connection = await connectionTo(path.url);
    expect((await new RedisRateLimiter(connection).consume('k', 1, 1_000)).allowed).toBe(true);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toMatchObject({ why: expect.stringContaining('ECONNREFUSED') });
  });
});
