import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '@app/config';
import { DomainError } from '@app/kernel';
import { z } from 'zod';
import { hubOff, sourceUnavailable } from '../domain/errors.js';
import { headerOf, HubConnection, type HubRequest } from './hub-connection.js';

/** An answer of the hub is no longer than this; a repository has some hundred files. */
const MOST_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 15_000;
/** A failure that took so long is told for a while to whoever comes next, who is not kept waiting for the same. */
const SLOW_MS = 3_000;
const PAUSE_MS = 10_000;
/** For so long at most the hub is obeyed that asks to wait. */
const MOST_PAUSE_MS = 300_000;

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

export interface HubBytes {
  bytes: Buffer;
  /** There was more than is read. */
  cut: boolean;
  contentType: string | null;
  /** The `Link` header: where the next page is. */
  link: string | null;
}

/**
 * What the hub says of its repositories (HF_ENDPOINT). Throws `explore.hub-off`, `explore.gated`, `explore.not-found`,
 * `explore.rate-limited` and `explore.source-unavailable`.
 */
@Injectable()
export class HubApi implements OnApplicationShutdown {
  private readonly hub: HubConnection;
  private paused: { until: number; error: DomainError } | null = null;

  constructor(private readonly config: Config) {
    const { hfEndpoint, hfToken } = config.explore;
    this.hub = new HubConnection(hfEndpoint, hfToken, TIMEOUT_MS);
  }

  /** Files with a digest, of the first thousand of the repository. */
  async files(repo: string, signal: AbortSignal): Promise<HubFile[]> {
    const url = this.hub.urlOf('api', 'models', ...repo.split('/'), 'tree', 'main');
    url.searchParams.set('recursive', 'true');
    const { value } = await this.json(url, Tree, signal);
    return value.flatMap((file) =>
      file.type === 'file' && file.lfs ? [{ path: file.path, sizeBytes: file.lfs.size, digest: file.lfs.oid }] : [],
    );
  }

  /** A JSON answer of the hub's API, which must have the shape. */
  async json<T>(url: URL, shape: z.ZodType<T>, signal: AbortSignal): Promise<{ value: T; link: string | null }> {
    const headers = { accept: 'application/json' };
    // A renamed repository is elsewhere on the same hub; nothing else is followed, and the token goes nowhere else.
    const { bytes, link } = await this.get(url, {
      headers,
      follow: 'hub',
      most: MOST_BYTES,
      tooLong: 'refuse',
      signal,
    });
    try {
      return { value: shape.parse(JSON.parse(bytes.toString())), link };
    } catch (error) {
      throw sourceUnavailable('huggingface', `${url.host} answers something else than was asked for.`, error);
    }
  }

  async get(
    url: URL,
    { most, tooLong, signal, ...request }: HubRequest & { most: number; tooLong: 'refuse' | 'cut' },
  ): Promise<HubBytes> {
    if (!this.config.explore.sources.includes('huggingface')) throw hubOff();
    const toHub = url.origin === this.hub.endpoint.origin;
    if (toHub && this.paused && this.paused.until > performance.now()) throw this.paused.error;
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const until = AbortSignal.any([signal, timeout]);
    const started = performance.now();
    try {
      const answer = await this.hub.get(url, { ...request, signal: until });
      const read = await this.hub.read(answer, most, tooLong, until);
      const { headers } = answer.response;
      return { ...read, contentType: headerOf(headers['content-type']), link: headerOf(headers['link']) };
    } catch (error) {
      signal.throwIfAborted();
      const told = timeout.aborted ? sourceUnavailable('huggingface', `${url.host} takes too long.`, error) : error;
      if (toHub) this.pauseAfter(told, performance.now() - started);
      throw told;
    }
  }

  /** An address of the hub from its parts. */
  urlOf(...parts: string[]): URL {
    return this.hub.urlOf(...parts);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.hub.close();
  }

  private pauseAfter(error: unknown, tookMs: number): void {
    if (!(error instanceof DomainError)) return;
    const now = performance.now();
    if (error.code === 'explore.rate-limited') {
      const seconds = Number(error.details?.['retryAfter'] ?? 30);
      const ms = Math.min(Number.isFinite(seconds) ? seconds * 1000 : 30_000, MOST_PAUSE_MS);
      this.paused = { until: now + ms, error };
    } else if (tookMs > SLOW_MS) this.paused = { until: now + PAUSE_MS, error };
  }
}
