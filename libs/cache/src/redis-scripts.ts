import type { Redis, Result } from 'ioredis';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    /** Answers [count, milliseconds to the end of the window]. */
    parleyConsume(key: string, windowMs: number): Result<[number, number], Context>;
    /** Answers [count, milliseconds to the end of the window], [0, 0] when none is open. */
    parleyPeek(key: string): Result<[number, number], Context>;
    /** Answers the milliseconds that the attempt is refused for, or 0. */
    parleyAttempt(key: string, free: number, baseMs: number, maxMs: number, forgetMs: number): Result<number, Context>;
    parleyTakeBack(key: string): Result<number, Context>;
  }
}

/** A script runs as a whole, so two processes never count from the same number. Time is the server's: clocks differ. */
const scripts = {
  parleyConsume: `
    local count = redis.call('INCR', KEYS[1])
    local left = redis.call('PTTL', KEYS[1])
    if left < 0 then
      left = tonumber(ARGV[1])
      redis.call('PEXPIRE', KEYS[1], left)
    end
    return { count, left }`,
  parleyPeek: `
    local count = tonumber(redis.call('GET', KEYS[1]) or '0')
    local left = redis.call('PTTL', KEYS[1])
    if left < 0 then return { 0, 0 } end
    return { count, left }`,
  parleyAttempt: `
    local free, base, most, forget = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local record = redis.call('HMGET', KEYS[1], 'attempts', 'closed')
    local attempts, closed = tonumber(record[1] or '0'), tonumber(record[2] or '0')
    if now < closed then return closed - now end
    attempts = attempts + 1
    closed = 0
    if attempts >= free then closed = now + math.min(most, base * 2 ^ (attempts - free)) end
    redis.call('HSET', KEYS[1], 'attempts', attempts, 'closed', string.format('%.0f', closed))
    redis.call('PEXPIRE', KEYS[1], math.max(forget, closed - now))
    return 0`,
  parleyTakeBack: `
    if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    redis.call('HSET', KEYS[1], 'closed', 0)
    return redis.call('HINCRBY', KEYS[1], 'attempts', -1)`,
};

export function defineScripts(redis: Redis): void {
  for (const [name, lua] of Object.entries(scripts)) redis.defineCommand(name, { numberOfKeys: 1, lua });
}
