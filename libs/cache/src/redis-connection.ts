import { Logger } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll } from 'cockatiel';
import type { Redis } from 'ioredis';
import { redisErrors } from './cache-metrics.js';
import { defineScripts } from './redis-scripts.js';

export interface RedisConnectionOptions {
  /** `redis://` or `rediss://`, with user, password and database number where it has them. */
  url: string;
  /** Every key begins with it. */
  prefix?: string;
  /** How long a command may take before the caller goes on without Redis. Default 500. */
  commandTimeoutMs?: number;
  /** How often Redis is tried again after it failed several times. Default 1,000. */
  probeMs?: number;
}

/** Failures in a row after which nobody waits for Redis any more. */
const FAILURES = 3;

/**
 * One connection to Redis that nobody has to wait for: a command has a short limit, and after several failures in a row
 * everybody goes on without it at once. It reconnects by itself; a probe of its own, never a request, finds out that Redis
 * is back. Both are said once.
 */
export class RedisConnection {
  private readonly logger = new Logger('Redis');
  private readonly breaker;
  private probe: NodeJS.Timeout | undefined;
  private lastError: Error | undefined;

  private constructor(
    private readonly redis: Redis,
    private readonly probeMs: number,
  ) {
    defineScripts(this.redis);
    this.redis.on('error', (error: Error) => (this.lastError = error));
    this.breaker = circuitBreaker(handleAll, {
      halfOpenAfter: probeMs,
      breaker: new ConsecutiveBreaker(FAILURES),
    });
    this.breaker.onBreak(() => this.lost());
    this.breaker.onReset(() => this.found());
  }

  /** Not connected yet. Its library is loaded where there is a Redis, and nowhere else. */
  static async to(options: RedisConnectionOptions): Promise<RedisConnection> {
    const { url, prefix = 'parley:', commandTimeoutMs = 500, probeMs = 1_000 } = options;
    const { Redis } = await import('ioredis');
    const redis = new Redis(url, {
      keyPrefix: prefix,
      lazyConnect: true,
      connectTimeout: 2_000,
      commandTimeout: commandTimeoutMs,
      // A path that was cut without a word is given up, and a new connection tried.
      socketTimeout: 10 * commandTimeoutMs,
      // What cannot be sent now fails now: its caller has another way.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(2_000, 50 * 2 ** Math.min(attempt, 10)),
    });
    return new RedisConnection(redis, probeMs);
  }

  /** Waits for the first connection, a moment only: without Redis the process starts all the same. */
  async open(): Promise<void> {
    try {
      await this.redis.connect();
    } catch {
      // The command says why, and counts: so many failures open the breaker before the first request comes.
      for (let i = 0; i < FAILURES; i++) await this.execute((redis) => redis.ping()).catch(() => undefined);
    }
  }

  /**
   * What Redis answers, or what `own` does while it does not.
   * @param use for the metrics
   */
  async or<T>(use: string, ask: (redis: Redis) => Promise<T>, own: () => Promise<T>): Promise<T> {
    if (this.breaker.state !== CircuitState.Closed) return own();
    try {
      return await this.execute(ask);
    } catch {
      redisErrors.inc({ use });
      return own();
    }
  }

  /** @throws DomainError platform.redis-unavailable */
  async ping(): Promise<void> {
    try {
      await this.redis.ping();
    } catch (error) {
      throw new DomainError('unavailable', 'platform.redis-unavailable', 'Redis does not answer.', undefined, {
        cause: error,
      });
    }
  }

  close(): void {
    clearInterval(this.probe);
    this.redis.disconnect();
  }

  private execute<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
    return this.breaker.execute(() =>
      ask(this.redis).catch((error: Error) => {
        // A refused connection tells more than the command that it cut off.
        if (this.redis.status === 'ready') this.lastError = error;
        throw error;
      }),
    );
  }

  private lost(): void {
    if (this.probe) return;
    this.probe = setInterval(() => void this.execute((redis) => redis.ping()).catch(() => undefined), this.probeMs);
    this.probe.unref();
    const why = this.lastError?.message;
    this.logger.warn({
      msg: 'Redis does not answer. Until it does, limits and caches are of each process alone.',
      why,
    });
  }

  private found(): void {
    clearInterval(this.probe);
    this.probe = undefined;
    this.logger.log('Redis answers again.');
  }
}
