import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '@app/config';
import { Agent, type Dispatcher } from 'undici';
import { z } from 'zod';
import { gated, notAtSource, rateLimited, sourceUnavailable } from '../domain/errors.js';

/** An answer of the hub is no longer than this; a repository has some hundred files. */
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_REDIRECTS = 3;
const TIMEOUT_MS = 15_000;

const Tree = z.array(
  z.object({
    type: z.string(),
    path: z.string().max(500),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().positive() }).optional(),
  }),
);

export interface HubFile {
  path: string;
  sizeBytes: number;
  /** SHA-256, as the hub tells it; the download is held to it. */
  digest: string;
}

/**
 * What the hub says of its repositories (HF_ENDPOINT). Throws `explore.gated`, `explore.not-found`,
 * `explore.rate-limited` and `explore.source-unavailable`.
 */
@Injectable()
export class HubApi implements OnApplicationShutdown {
  private readonly endpoint: URL;
  private readonly agent = new Agent({
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connect: { timeout: 10_000 },
  });

  constructor(private readonly config: Config) {
    const { hfEndpoint } = config.explore;
    this.endpoint = new URL(hfEndpoint.endsWith('/') ? hfEndpoint : `${hfEndpoint}/`);
  }

  /** Files with a digest, of the first thousand of the repository. */
  async files(repo: string, signal: AbortSignal): Promise<HubFile[]> {
    const path = repo.split('/').map(encodeURIComponent).join('/');
    const tree = Tree.safeParse(await this.json(`api/models/${path}/tree/main?recursive=true`, signal));
    if (!tree.success)
      throw sourceUnavailable('huggingface', `${this.endpoint.host} answers something else than a list.`);
    return tree.data.flatMap((file) =>
      file.type === 'file' && file.lfs ? [{ path: file.path, sizeBytes: file.lfs.size, digest: file.lfs.oid }] : [],
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.close();
  }

  private async json(path: string, signal: AbortSignal): Promise<unknown> {
    let url = new URL(path, this.endpoint);
    const until = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
      const response = await this.get(url, until);
      const next = response.headers['location'];
      if (response.statusCode < 300 || response.statusCode >= 400 || typeof next !== 'string')
        return this.read(response, until);
      await discard(response.body);
      // A renamed repository is elsewhere on the same hub; nothing else is followed, and the token goes nowhere else.
      const target = URL.canParse(next, url.href) ? new URL(next, url) : null;
      if (target?.origin !== this.endpoint.origin)
        throw sourceUnavailable('huggingface', 'The hub redirects to another place.');
      url = target;
    }
    throw sourceUnavailable('huggingface', `The hub redirects more than ${MOST_REDIRECTS} times.`);
  }

  private async get(url: URL, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { hfToken } = this.config.explore;
    try {
      return await this.agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: 'GET',
        signal,
        headers: {
          'user-agent': 'parley',
          accept: 'application/json',
          ...(hfToken && { authorization: `Bearer ${hfToken}` }),
        },
      });
    } catch (error) {
      throw sourceUnavailable('huggingface', `${url.host} cannot be reached.`, error);
    }
  }

  private async read({ statusCode: status, headers, body }: Dispatcher.ResponseData, signal: AbortSignal) {
    const host = this.endpoint.host;
    if (status !== 200) {
      await discard(body);
      if (status === 401 || status === 403) throw gated('huggingface', status);
      if (status === 404) throw notAtSource('huggingface', `${host} has no such repository.`);
      if (status === 429) throw rateLimited('huggingface', String(headers['retry-after'] ?? '') || null);
      throw sourceUnavailable('huggingface', `${host} answers ${status}.`);
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        signal.throwIfAborted();
        bytes += chunk.length;
        if (bytes > MOST_BYTES) break;
        chunks.push(chunk);
      }
      if (bytes <= MOST_BYTES) return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
    } catch (error) {
      throw sourceUnavailable('huggingface', `${host} answers something else than JSON, or not to the end.`, error);
    }
    throw sourceUnavailable('huggingface', `${host} answers more than is read.`);
  }
}

/** What is not read: a little is taken in so that the connection can be used again, more is cut off. */
const discard = (body: Dispatcher.ResponseData['body']): Promise<void> =>
  body.dump({ limit: 64 * 1024 }).catch(() => undefined);
