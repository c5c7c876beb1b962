import { FastifyAdapter } from '@nestjs/platform-fastify';
import { requestIdOf } from './request.js';
import type { NotFoundHandler } from './not-found.js';

export interface EdgeOptions {
  bodyLimitBytes: number;
  /** Addresses of proxies whose `X-Forwarded-*` headers are believed; false: none. */
  trustProxy: boolean | string;
  shutdownGraceMs: number;
}

/** Nest's Fastify adapter, with errors left as they are, our own "not found", and an orderly end. */
export class EdgeAdapter extends FastifyAdapter {
  /** Requests that were not answered yet. */
  private running = 0;
  private whenIdle: (() => void) | undefined;
  private draining = false;

  constructor(private readonly edge: EdgeOptions) {
    super({
      bodyLimit: edge.bodyLimitBytes,
      trustProxy: edge.trustProxy,
      genReqId: requestIdOf,
      // Without Nest middleware there is no need for a second router in front of the first.
      skipMiddie: true,
      // A client has a minute to send its whole request; answers may take as long as they need.
      requestTimeout: 60_000,
      keepAliveTimeout: 72_000,
      forceCloseConnections: true,
      routerOptions: { maxParamLength: 500 },
    });
  }

  /** Requests that are being answered now, open streams included. */
  get runningRequests(): number {
    return this.running;
  }

  /** To be told of every request when it comes and when its response is closed, so that the end can wait for them. */
  requestStarted(): void {
    this.running += 1;
  }

  requestEnded(): void {
    this.running -= 1;
    if (this.running === 0) this.whenIdle?.();
  }

  // Our filter reads Fastify's errors itself; Nest's mapping would drop their codes.
  override mapException(error: unknown): unknown {
    return error;
  }

  // Nest would throw a NotFoundException here, with no chance to serve the web client's page or to say "wrong method".
  override setNotFoundHandler(): ReturnType<FastifyAdapter['setNotFoundHandler']> {
    return this.getInstance() as ReturnType<FastifyAdapter['setNotFoundHandler']>;
  }

  useNotFoundHandler(handler: NotFoundHandler): void {
    const http = this.getInstance();
    http.setNotFoundHandler({ preHandler: http.rateLimit() }, handler);
  }

  /** Runs before any shutdown hook of a module: while requests end, everything that they use is still there. */
  override async beforeClose(): Promise<void> {
    if (this.draining) return;
    this.draining = true;
    const { server, eventStreams } = this.getInstance();
    if (server.listening) {
      server.close();
      server.closeIdleConnections();
    }
    eventStreams.closeResumable();
    await this.idle();
    server.closeAllConnections();
    super.beforeClose();
  }

  private async idle(): Promise<void> {
    if (this.running === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.whenIdle = resolve;
    const limit = setTimeout(resolve, this.edge.shutdownGraceMs);
    await promise;
    clearTimeout(limit);
  }
}

/** Requests that are being answered by the application of this adapter; null when it is not one of `createApp`. */
export const runningRequestsOf = (adapter: unknown): number | null =>
  adapter instanceof EdgeAdapter ? adapter.runningRequests : null;
