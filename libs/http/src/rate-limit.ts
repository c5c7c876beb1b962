import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import { RouteConfig } from '@nestjs/platform-fastify';
import { DomainError } from '@app/kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const MINUTE = 60_000;

/**
 * Counts the requests of each account, or of each address (IPv6: each /64) for those who show no valid token. Counts are
 * kept in the memory of this process.
 */
export async function limitRates(http: FastifyInstance, perMinute: number): Promise<void> {
  await http.register(rateLimit, {
    global: perMinute > 0,
    max: perMinute,
    timeWindow: MINUTE,
    keyGenerator: (request) => (request.actor ? `account ${request.actor.userId}` : addressOf(request)),
    errorResponseBuilder: (_request, { ttl }) => tooMany(ttl),
    cache: 20_000,
  });
}

/** A stricter limit for one route, counted for each address whoever asks. */
export const StrictRateLimit = (perMinute: number) =>
  RouteConfig({ rateLimit: { max: perMinute, timeWindow: MINUTE, keyGenerator: addressOf } });

const addressOf = (request: FastifyRequest): string => normalizeIP(request.ip, 64);

const tooMany = (ttl: number) =>
  new DomainError('rate-limited', 'platform.rate-limited', 'Too many requests. Please wait a moment.', {
    retryAfterSeconds: Math.max(1, Math.ceil(ttl / 1000)),
  });
