import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '@app/kernel';
import { endWithAnswer, startHttpCall } from '@app/observability';
import { Agent, type Dispatcher } from 'undici';
import { gated, notAtSource, rateLimited, sourceUnavailable } from '../domain/errors.js';
import { isPrivateAddress, publicLookup } from './private-address.js';

const MOST_REDIRECTS = 5;
/** A network that swallows packets is told early: another source may be reached. */
const MOST_CONNECT_MS = 10_000;

export interface HubRequest {
  signal: AbortSignal;
  headers?: Record<string, string>;
  /**
   * Where redirects may lead: `files` wherever the hub keeps them, `hub` to its own origin alone, `public` nowhere but to
   * public addresses, for URLs that a stranger wrote.
   */
  follow: 'files' | 'hub' | 'public';
  /** Without the token, even to the hub. */
  anonymous?: boolean;
}

export interface HubAnswer {
  response: Dispatcher.ResponseData;
  /** Where it came from in the end. */
  url: URL;
}

/**
 * Requests to the hub (or a mirror of it) and to where it sends us. The token goes to its own origin only; any other
 * address must be public, which the socket itself checks. Throws `explore.gated`, `explore.not-found`,
 * `explore.rate-limited`, `explore.source-unavailable`.
 */
export class HubConnection {
  readonly endpoint: URL;
  private readonly direct: Agent;
  private readonly guarded: Agent;

  constructor(
    endpoint: string,
    private readonly token?: string,
    timeoutMs = 30_000,
  ) {
    this.endpoint = new URL(endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
    const connectMs = Math.min(timeoutMs, MOST_CONNECT_MS);
    const timeouts = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs, pipelining: 0 };
    this.direct = new Agent({ ...timeouts, connect: { timeout: connectMs } });
    this.guarded = new Agent({ ...timeouts, connect: { timeout: connectMs, lookup: publicLookup } });
  }

  /** A path under the endpoint; nothing in a part is a separator. */
  urlOf(...parts: string[]): URL {
    return new URL(parts.map(encodeURIComponent).join('/'), this.endpoint);
  }

  /** GET; answers 200 and 206 only. */
  async get(start: URL, request: HubRequest): Promise<HubAnswer> {
    let url = await this.allowed(start, request.follow);
    for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
      const response = await this.ask(url, request);
      const next = response.headers['location'];
      if (response.statusCode < 300 || response.statusCode >= 400 || typeof next !== 'string')
        return { response: await accepted(response, url), url };
      await discard(response);
      url = await this.redirected(url, next, request.follow);
    }
    throw sourceUnavailable('huggingface', `The hub redirects more than ${MOST_REDIRECTS} times.`);
  }

  /** Reads a body whole, up to `most` bytes; `tooLong` says what happens with a longer one. */
  async read({ response, url }: HubAnswer, most: number, tooLong: 'refuse' | 'cut', signal: AbortSignal) {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        signal.throwIfAborted();
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > most) break;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw sourceUnavailable('huggingface', `The connection to ${url.host} broke (${reasonOf(error)}).`, error);
    }
    if (bytes > most && tooLong === 'refuse')
      throw sourceUnavailable('huggingface', `${url.host} answers more than is read.`);
    return { bytes: Buffer.concat(chunks).subarray(0, most), cut: bytes > most };
  }

  close(): Promise<unknown> {
    return Promise.all([this.direct.close(), this.guarded.close()]);
  }

  private async ask(url: URL, { signal, headers, follow, anonymous }: HubRequest): Promise<Dispatcher.ResponseData> {
    const own = url.origin === this.endpoint.origin;
    const agent = own || (follow === 'files' && (await this.isPrivateMirror())) ? this.direct : this.guarded;
    try {
      const asked = agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: 'GET',
        signal,
        headers: {
          'user-agent': 'parley',
          'accept-encoding': 'identity',
          ...headers,
          ...(own && !anonymous && this.token && { authorization: `Bearer ${this.token}` }),
        },
      });
      // The hub is nobody of ours: it is measured, and not told of which trace it is a part.
      return await endWithAnswer(startHttpCall('GET', url), asked);
    } catch (error) {
      signal.throwIfAborted();
      throw sourceUnavailable('huggingface', `${url.host} cannot be reached (${reasonOf(error)}).`, error);
    }
  }

  private async redirected(from: URL, location: string, follow: HubRequest['follow']): Promise<URL> {
    const next = URL.canParse(location, from.href) ? new URL(location, from) : null;
    // Wherever it sends us must be no worse than where we came from.
    if (!next || (next.protocol !== 'https:' && from.protocol === 'https:'))
      throw sourceUnavailable('huggingface', 'The hub redirects to an address that is not allowed.');
    return this.allowed(next, follow);
  }

  private async allowed(url: URL, follow: HubRequest['follow']): Promise<URL> {
    if (url.origin === this.endpoint.origin) return url;
    if (follow === 'hub') throw sourceUnavailable('huggingface', 'The hub redirects to another place.');
    if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.username || url.password)
      throw sourceUnavailable('huggingface', 'The hub redirects to an address that is not allowed.');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // A literal address is connected to without a look-up, so it has to be judged here.
    if (isIP(host) && isPrivateAddress(host) && !(follow === 'files' && (await this.isPrivateMirror())))
      throw sourceUnavailable('huggingface', `${url.host} is a private address.`);
    return url;
  }

  /** A mirror in the operator's own network may keep its files there too. */
  private async isPrivateMirror(): Promise<boolean> {
    const host = this.endpoint.hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) ? [{ address: host }] : await lookup(host, { all: true }).catch(() => []);
    return addresses.length > 0 && addresses.every(({ address }) => isPrivateAddress(address));
  }
}

async function accepted(response: Dispatcher.ResponseData, url: URL): Promise<Dispatcher.ResponseData> {
  const { statusCode: status, headers } = response;
  if (status === 200 || status === 206) return response;
  await discard(response);
  throw refusal(status, headerOf(headers['retry-after']), url);
}

function refusal(status: number, retryAfter: string | null, { host }: URL): DomainError {
  if (status === 401 || status === 403) return gated('huggingface', status);
  if (status === 404 || status === 410)
    return notAtSource('huggingface', `${host} does not have what was asked for (${status}).`);
  if (status === 429) return rateLimited('huggingface', retryAfter);
  return sourceUnavailable('huggingface', `${host} answers ${status}.`);
}

/** The rest of a small answer is read so that the connection can be used again; a large one is cut off. */
export async function discard({ body }: Dispatcher.ResponseData): Promise<void> {
  await Promise.race([body.dump({ limit: 64 * 1024 }), sleep(1000, undefined, { ref: false })]).catch(() =>
    body.destroy(),
  );
}

export const headerOf = (value: string | string[] | undefined): string | null =>
  (Array.isArray(value) ? value[0] : value) ?? null;

export const reasonOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : 'unknown');
