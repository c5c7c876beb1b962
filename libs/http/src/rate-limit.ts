import rateLimit, { type FastifyRateLimitOptions, type FastifyRateLimitStore, normalizeIP } from '@fastify/rate-limit';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { RateLimiter } from '@app/cache';
import { DomainError } from '@app/kernel';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';

const MINUTE = 60_000;

/** Counts the requests of each account, or of each address (IPv6: each /64) for those who show no valid token. */
export async function limitRates(http: FastifyInstance, limiter: RateLimiter, perMinute: number): Promise<void> {
  await http.register(rateLimit, {
    global: perMinute > 0,
    max: perMinute,
    timeWindow: MINUTE,
    keyGenerator: (request) => (request.actor ? `account ${request.actor.userId}` : addressOf(request)),
    errorResponseBuilder: (_request, { ttl }) => tooMany(ttl),
    store: storeOn(limiter),
  });
}

/** A limit for one route alone, counted for each address whoever asks. */
export const StrictRateLimit = (perMinute: number) =>
  RouteConfig({ rateLimit: { max: perMinute, timeWindow: MINUTE, keyGenerator: addressOf } });

/** Answered however often it is asked: for what costs next to nothing. */
export const NoRateLimit = () => RouteConfig({ rateLimit: false });

const addressOf = (request: FastifyRequest): string => normalizeIP(request.ip, 64);

const tooMany = (ttl: number) =>
  new DomainError('rate-limited', 'platform.rate-limited', 'Too many requests. Please wait a moment.', {
    retryAfterSeconds: Math.max(1, Math.ceil(ttl / 1000)),
  });

/** The plugin makes its store itself, from a class, and a child of it for each route with a limit of its own. */
function storeOn(limiter: RateLimiter): new (options: FastifyRateLimitOptions) => FastifyRateLimitStore {
  class Store implements FastifyRateLimitStore {
    prefix = 'http ';

    incr(key: string, done: Done, windowMs: number, max: number): void {
      limiter.consume(this.prefix + key, max, windowMs).then(
        ({ count, resetMs }) => done(null, { current: count, ttl: resetMs }),
        (error: Error) => done(error),
      );
    }

    child({ routeInfo: { method, url } }: RouteOptions & { path: string; prefix: string } & RouteInfo): Store {
      const store = new Store();
      store.prefix = `${this.prefix}${[method].flat().join()} ${url} `;
      return store;
    }
  }
  return Store;
}

type Done = (error: Error | null, result?: { current: number; ttl: number }) => void;
/** What the plugin adds, and its types do not know. */
interface RouteInfo {
  routeInfo: RouteOptions;
}
