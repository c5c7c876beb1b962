import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '@app/kernel';
import { Agent, type Dispatcher } from 'undici';
import type { CatalogueEntry } from '../domain/catalogue.js';
import { gated, notAModel, notAtSource, rateLimited, sourceUnavailable } from '../domain/errors.js';
import { ModelSource, type OpenedModel, type OpenRequest } from '../domain/model-source.js';
import { isPrivateAddress, publicLookup } from './private-address.js';

const MOST_REDIRECTS = 5;
/** A network that swallows packets is told early: another source may be reached. */
const MOST_CONNECT_MS = 10_000;

/** The hub, or a mirror of it that speaks `<endpoint>/<repo>/resolve/<revision>/<file>`. */
export class HuggingFaceSource extends ModelSource {
  readonly name = 'huggingface';
  readonly retries = 4;
  private readonly endpoint: URL;
  private readonly direct: Agent;
  private readonly guarded: Agent;

  /** @param token sent to the endpoint's own origin only, never to where it redirects */
  constructor(
    endpoint: string,
    private readonly token?: string,
    timeoutMs = 30_000,
  ) {
    super();
    this.endpoint = new URL(endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
    const connectMs = Math.min(timeoutMs, MOST_CONNECT_MS);
    const timeouts = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs, pipelining: 0 };
    this.direct = new Agent({ ...timeouts, connect: { timeout: connectMs } });
    this.guarded = new Agent({ ...timeouts, connect: { timeout: connectMs, lookup: publicLookup } });
  }

  offers(entry: CatalogueEntry): boolean {
    return entry.sources.huggingface !== undefined;
  }

  extraBytes(): number {
    return 0;
  }

  async open(entry: CatalogueEntry, { from, signal }: OpenRequest): Promise<OpenedModel> {
    const place = entry.sources.huggingface;
    if (!place) throw notAtSource(this.name, 'The entry names no repository.');
    const path = [...place.repo.split('/'), 'resolve', place.revision, ...place.file.split('/')];
    let url = new URL(path.map(encodeURIComponent).join('/'), this.endpoint);
    for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
      const response = await this.get(url, from, signal);
      const next = response.headers['location'];
      if (response.statusCode < 300 || response.statusCode >= 400 || typeof next !== 'string')
        return accept(response, url, from);
      await discard(response);
      url = await this.follow(url, next);
    }
    throw sourceUnavailable(this.name, `The hub redirects more than ${MOST_REDIRECTS} times.`);
  }

  close(): Promise<unknown> {
    return Promise.all([this.direct.close(), this.guarded.close()]);
  }

  private async get(url: URL, from: number, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const own = url.origin === this.endpoint.origin;
    const agent = own || (await this.isPrivateMirror()) ? this.direct : this.guarded;
    try {
      return await agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: 'GET',
        signal,
        headers: {
          'user-agent': 'parley',
          'accept-encoding': 'identity',
          ...(from > 0 && { range: `bytes=${from}-` }),
          ...(own && this.token && { authorization: `Bearer ${this.token}` }),
        },
      });
    } catch (error) {
      signal.throwIfAborted();
      throw sourceUnavailable(this.name, `${url.host} cannot be reached (${reasonOf(error)}).`, error);
    }
  }

  /** The hub keeps its files elsewhere; wherever it sends us must be no worse than where we came from. */
  private async follow(from: URL, location: string): Promise<URL> {
    const next = URL.canParse(location, from.href) ? new URL(location, from) : null;
    const secure = next?.protocol === 'https:' || (next?.protocol === 'http:' && from.protocol === 'http:');
    if (!next || !secure) throw sourceUnavailable(this.name, 'The hub redirects to an address that is not allowed.');
    const host = next.hostname.replace(/^\[|\]$/g, '');
    // A literal address is connected to without a look-up, so it has to be judged here.
    if (next.origin !== this.endpoint.origin && isIP(host) && isPrivateAddress(host) && !(await this.isPrivateMirror()))
      throw sourceUnavailable(this.name, 'The hub redirects to a private address.');
    return next;
  }

  /** A mirror in the operator's own network may keep its files there too. */
  private async isPrivateMirror(): Promise<boolean> {
    const host = this.endpoint.hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) ? [{ address: host }] : await lookup(host, { all: true }).catch(() => []);
    return addresses.length > 0 && addresses.every(({ address }) => isPrivateAddress(address));
  }
}

async function accept(response: Dispatcher.ResponseData, url: URL, from: number): Promise<OpenedModel> {
  const { statusCode: status, headers, body } = response;
  const refused = async (error: DomainError): Promise<never> => {
    await discard(response);
    throw error;
  };
  if (status === 401 || status === 403) return refused(gated('huggingface', status));
  if (status === 404 || status === 410)
    return refused(notAtSource('huggingface', `${url.host} does not have the file (${status}).`));
  if (status === 429) return refused(rateLimited('huggingface', one(headers['retry-after'])));
  if (status !== 200 && status !== 206)
    return refused(sourceUnavailable('huggingface', `${url.host} answers ${status}.`));
  if (/^text\/html\b/i.test(one(headers['content-type']) ?? ''))
    return refused(notAModel(`${url.host} answers with a web page instead of a model.`));

  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(one(headers['content-range']) ?? '');
  if (status === 206 && Number(range?.[1] ?? -1) !== from)
    return refused(sourceUnavailable('huggingface', `${url.host} answers another range than asked for.`));
  const length = one(headers['content-length']);
  const total = status === 206 ? range?.[2] : length;
  return {
    offset: status === 206 ? from : 0,
    totalBytes: total && /^\d+$/.test(total) ? Number(total) : null,
    chunks: readable(body, url.host),
    [Symbol.asyncDispose]: async () => void body.destroy(),
  };
}

async function* readable(body: AsyncIterable<Uint8Array>, host: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw sourceUnavailable('huggingface', `The connection to ${host} broke (${reasonOf(error)}).`, error);
  }
}

/** The rest of a small answer is read so that the connection can be used again; a large one is cut off. */
async function discard({ body }: Dispatcher.ResponseData): Promise<void> {
  await Promise.race([body.dump({ limit: 64 * 1024 }), sleep(1000, undefined, { ref: false })]).catch(() =>
    body.destroy(),
  );
}

const one = (value: string | string[] | undefined): string | null => (Array.isArray(value) ? value[0] : value) ?? null;

const reasonOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : 'unknown');
