import 'reflect-metadata';
import type { Abstract, DynamicModule, LoggerService, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { UnknownElementException } from '@nestjs/core/errors/exceptions/index.js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fastifyCookie from '@fastify/cookie';
import { MemoryRateLimiter, RateLimiter } from '@app/cache';
import { Authenticator, NobodyAuthenticator } from './authenticator.js';
import { EdgeAdapter } from './edge.adapter.js';
import { EventStreams } from './event-streams.js';
import { HttpModule } from './http.module.js';
import { acceptJsonOnly } from './json-body.js';
import { KnownRoutes, notFoundHandler } from './not-found.js';
import { serveOpenApi } from './open-api.js';
import { limitRates } from './rate-limit.js';
import { MetricsAuthenticator } from './metrics-reader.js';
import { logRequest } from './request-log.js';
import { endRequestSpan, startRequestSpan } from './request-span.js';
import { prepareRequests } from './request.js';
import { secureHeaders } from './security-headers.js';
import { serveWebClient, webClientFolder } from './web-client.js';
import { WrongTokens } from './wrong-tokens.js';

export interface HttpOptions {
  /** Default 1 MiB. */
  bodyLimitBytes?: number;
  /** Requests a minute of one account, or of one address without an account; 0: no limit. Default 3,000. */
  rateLimitPerMinute?: number;
  /** Whose `X-Forwarded-*` headers are believed, as Fastify's `trustProxy`. Default nobody's. */
  trustProxy?: boolean | string;
  /** How long running requests may take after the signal to stop. Default 10,000. */
  shutdownGraceMs?: number;
  /** Bearer token that reads `/metrics` and nothing else. Default: only administrators and this machine do. */
  metricsToken?: string;
  /** Silence on an event stream before a sign of life. Default 15,000. */
  heartbeatMs?: number;
  /** Origins beside our own that pages may fetch from: a CDN, or the storage behind presigned URLs. Default none. */
  connectTo?: readonly string[];
  /** The built web client. Default `apps/web/dist`. */
  webClient?: string;
  /** Default: Nest's own. */
  logger?: LoggerService | false;
}

/**
 * The application around a module, ready to `listen` (or to `init` and `inject` in a test): parsing, access, errors,
 * limits, headers, documentation, health and the web client are the same wherever controllers are served. Accounts come
 * from the module's `Authenticator`; without one nobody is signed in. Requests are counted by its `RateLimiter`; without
 * one in the memory of this process.
 */
export async function createApp(
  module: Type | DynamicModule,
  options: HttpOptions = {},
): Promise<NestFastifyApplication> {
  const bodyLimitBytes = options.bodyLimitBytes ?? 1024 * 1024;
  const { trustProxy = false, shutdownGraceMs = 10_000, rateLimitPerMinute = 3000 } = options;
  const adapter = new EdgeAdapter({ bodyLimitBytes, trustProxy, shutdownGraceMs });
  const http = adapter.getInstance();
  http.decorate('eventStreams', new EventStreams(options.heartbeatMs));
  http.decorate('isEnding', () => adapter.ending);

  const app = await NestFactory.create<NestFastifyApplication>(HttpModule.around(module), adapter, {
    bodyParser: false,
    abortOnError: false,
    ...(options.logger !== undefined && { logger: options.logger }),
  });
  secureHeaders(app, options.connectTo);
  acceptJsonOnly(http, bodyLimitBytes);
  const limiter = providedBy(app, RateLimiter) ?? new MemoryRateLimiter();
  const accounts = providedBy(app, Authenticator) ?? new NobodyAuthenticator();
  const { metricsToken } = options;
  const authenticator = metricsToken ? new MetricsAuthenticator(metricsToken, accounts) : accounts;
  prepareRequests(http, authenticator, new WrongTokens(limiter), {
    started: (request, reply) => {
      adapter.requestStarted(reply.raw);
      startRequestSpan(request);
    },
    ended: (request, reply) => {
      adapter.requestEnded(reply.raw);
      endRequestSpan(request, reply);
      logRequest(request, reply);
    },
  });
  // Cookies are read by the one route that knows one.
  await http.register(fastifyCookie, { hook: false });
  await limitRates(http, limiter, rateLimitPerMinute);
  const routes = new KnownRoutes(http);
  serveOpenApi(app);
  adapter.useNotFoundHandler(
    notFoundHandler(routes, await serveWebClient(http, options.webClient ?? webClientFolder())),
  );
  return app;
}

/** What the module provides; undefined when it has none. */
function providedBy<T>(app: NestFastifyApplication, token: Abstract<T>): T | undefined {
  try {
    return app.get(token, { strict: false });
  } catch (error) {
    if (error instanceof UnknownElementException) return undefined;
    throw error;
  }
}
