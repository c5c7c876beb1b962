import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { requestIdOf } from './request.js';
import type { NotFoundHandler } from './not-found.js';

/** How long a connection that a client keeps open gets until the next request on it. */
const LINGER_MS = 500;
const LOOK_MS = 25;
/** A turn of the event loop that was that short left next to no time for a connection to come unseen. */
const QUICK_TURN_MS = 0.5;
const MOST_TRIES = 200;

export interface EdgeOptions {
  bodyLimitBytes: number;
  /** Addresses of proxies whose `X-Forwarded-*` headers are believed; false: none. */
  trustProxy: boolean | string;
  shutdownGraceMs: number;
}

/** Nest's Fastify adapter, with errors left as they are, our own "not found", and an orderly end. */
export class EdgeAdapter extends FastifyAdapter {
  /** Of requests that were not answered yet. */
  private readonly running = new Set<ServerResponse>();
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
    return this.running.size;
  }

  /** It is to end: it still answers, and nobody should send it anything new. */
  get ending(): boolean {
    return this.draining;
  }

  /** To be told of every request when it comes and when its response is closed, so that the end can wait for them. */
  requestStarted(response: ServerResponse): void {
    this.running.add(response);
    if (this.draining) response.shouldKeepAlive = false;
  }

  requestEnded(response: ServerResponse): void {
    this.running.delete(response);
    if (this.running.size === 0) this.whenIdle?.();
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
    for (const response of this.running) response.shouldKeepAlive = false;
    await this.linger();
    if (server.listening) {
      await untilConnectionsAreTaken();
      server.close();
    }
    const until = Date.now() + this.edge.shutdownGraceMs;
    eventStreams.closeResumable();
    await this.idle(until);
    await this.linger();
    // What came on those connections meanwhile was taken, however long the others took.
    await this.idle(Math.max(until, Date.now() + LINGER_MS));
    server.closeAllConnections();
    super.beforeClose();
  }

  /**
   * A connection that is closed just when its client sends the next request loses it. So each client is told by the next
   * response that its connection ends with it, and whoever looks at `/readyz` sends new ones elsewhere. That of a stream
   * was promised to stay open before: it gets its last response after the stream.
   */
  private async linger(): Promise<void> {
    const { server } = this.getInstance();
    const open = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count ?? 0)));
    for (const until = Date.now() + LINGER_MS; Date.now() < until && (await open()) > 0;) await sleep(LOOK_MS);
  }

  private async idle(until: number): Promise<void> {
    if (this.running.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.whenIdle = resolve;
    const limit = setTimeout(resolve, until - Date.now());
    await promise;
    clearTimeout(limit);
  }
}

/**
 * The kernel takes connections before the process does, and resets those that the process did not take when it stops to
 * listen. Waits for a moment right after they were taken, in which nothing else held the process up.
 */
async function untilConnectionsAreTaken(): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const start = performance.now();
    await nextTurn();
    if (performance.now() - start < QUICK_TURN_MS) return;
  }
}

/** Requests that are being answered by the application of this adapter; null when it is not one of `createApp`. */
export const runningRequestsOf = (adapter: unknown): number | null =>
  adapter instanceof EdgeAdapter ? adapter.runningRequests : null;
