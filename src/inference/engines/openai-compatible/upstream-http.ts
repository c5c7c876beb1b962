import { DomainError } from '@app/kernel';
import { endWithAnswer, headersOf, startHttpCall } from '@app/observability';
import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  DelegateBackoff,
  circuitBreaker,
  handleWhen,
  retry,
  wrap,
  type IPolicy,
} from 'cockatiel';
import { Pool, errors, type Dispatcher } from 'undici';
import { cancelled, throwIfAborted } from '../cancelled.js';
import { UpstreamError } from './upstream-error.js';

export interface UpstreamHttpOptions {
  /** Up to and including the version, e.g. `https://openrouter.ai/api/v1`. */
  baseUrl: string;
  apiKey?: string | undefined;
  connectTimeoutMs: number;
  /** From the request to the first byte of its answer, and between two parts of it. */
  idleTimeoutMs: number;
  /** Connections at the same time. */
  connections: number;
  /** Further tries of a request that has shown nothing yet. */
  retries: number;
  /** The longest pause before a retry; a server that asks for a longer one is not waited for. */
  maxRetryPauseMs: number;
}

export type UpstreamBody = Dispatcher.ResponseData['body'];

const failuresToOpen = 5;
const openMs = 10_000;
const errorBytes = 16_384;

/**
 * Requests to one upstream: pooled connections, no redirects, bounded waits, a few retries and a circuit breaker.
 * Every failure is a DomainError; the key is in none of them.
 */
export class UpstreamHttp {
  readonly #pool: Pool;
  readonly #url: URL;
  readonly #prefix: string;
  readonly #policy: IPolicy;

  constructor(private readonly options: UpstreamHttpOptions) {
    const url = new URL(options.baseUrl);
    this.#url = url;
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#pool = new Pool(url.origin, {
      connections: options.connections,
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: options.idleTimeoutMs,
      bodyTimeout: options.idleTimeoutMs,
    });
    const again = retry(
      handleWhen((error) => error instanceof UpstreamError && error.retryable && this.#pause(error, 1) !== null),
      {
        maxAttempts: options.retries,
        backoff: new DelegateBackoff(({ attempt, result }) =>
          'error' in result && result.error instanceof UpstreamError ? (this.#pause(result.error, attempt) ?? 0) : 0,
        ),
      },
    );
    const breaker = circuitBreaker(
      handleWhen((error) => error instanceof UpstreamError && error.brokenUpstream),
      { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(failuresToOpen) },
    );
    this.#policy = wrap(again, breaker);
  }

  /**
   * Sends a request until `read` has made something of the answer's body; `read` throwing counts as a failed try.
   * Nothing may have been shown to anyone before it resolves.
   */
  async request<T>(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    signal: AbortSignal | undefined,
    read: (body: UpstreamBody) => Promise<T>,
  ): Promise<T> {
    throwIfAborted(signal);
    try {
      return await this.#policy.execute(async () => {
        try {
          return await read(await this.#send(method, path, body, signal));
        } catch (error) {
          throw translate(error, signal);
        }
      }, signal);
    } catch (error) {
      throwIfAborted(signal);
      if (error instanceof BrokenCircuitError)
        throw new DomainError('unavailable', 'inference.upstream-unavailable', 'The upstream has failed repeatedly.', {
          retryAfterSeconds: openMs / 1000,
        });
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #send(method: 'GET' | 'POST', path: string, body: object | undefined, signal: AbortSignal | undefined) {
    const { apiKey } = this.options;
    const span = startHttpCall(method, this.#url);
    const asked = this.#pool.request({
      method,
      path: this.#prefix + path,
      signal,
      headers: {
        accept: 'application/json, text/event-stream',
        ...(body && { 'content-type': 'application/json' }),
        ...(apiKey && { authorization: `Bearer ${apiKey}` }),
        ...(span && headersOf(span)),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const response = await endWithAnswer(span, asked);
    // Whoever reads the body hears of its errors; a body that is given up reports one too, to nobody.
    response.body.on('error', () => {});
    if (response.statusCode === 200) return response.body;
    throw UpstreamError.ofStatus(response.statusCode, response.headers, await beginning(response.body));
  }

  /** Milliseconds before the next try; null if the upstream asks for too long a pause. */
  #pause(error: UpstreamError, attempt: number): number | null {
    if (error.retryAfterMs !== null)
      return error.retryAfterMs <= this.options.maxRetryPauseMs ? error.retryAfterMs : null;
    return Math.min(this.options.maxRetryPauseMs, 200 * 2 ** (attempt - 1) * (0.5 + Math.random()));
  }
}

/** What went wrong on the way, as a DomainError. */
export function translate(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return cancelled(signal.reason);
  if (error instanceof DomainError) return error;
  const timeout =
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError;
  return UpstreamError.ofConnection(error, timeout);
}

/** The first bytes of an error answer; a body of any length is not read on. */
async function beginning(body: UpstreamBody): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      parts.push(part);
      if ((bytes += part.length) >= errorBytes) break;
    }
  } catch {
    // The status alone says enough.
  } finally {
    body.destroy();
  }
  return Buffer.concat(parts).subarray(0, errorBytes).toString();
}
