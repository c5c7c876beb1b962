import type { DomainError } from '@app/kernel';
import type { CatalogueEntry } from '../domain/catalogue.js';
import { notAModel, notAtSource, sourceUnavailable } from '../domain/errors.js';
import { ModelSource, type OpenedModel, type OpenRequest } from '../domain/model-source.js';
import { discard, headerOf, type HubAnswer, HubConnection, reasonOf } from './hub-connection.js';

/** The hub, or a mirror of it that speaks `<endpoint>/<repo>/resolve/<revision>/<file>`. */
export class HuggingFaceSource extends ModelSource {
  readonly name = 'huggingface';
  readonly retries = 4;
  private readonly hub: HubConnection;

  /** @param token sent to the endpoint's own origin only, never to where it redirects */
  constructor(endpoint: string, token?: string, timeoutMs = 30_000) {
    super();
    this.hub = new HubConnection(endpoint, token, timeoutMs);
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
    const url = this.hub.urlOf(...place.repo.split('/'), 'resolve', place.revision, ...place.file.split('/'));
    const headers = from > 0 ? { range: `bytes=${from}-` } : undefined;
    return accept(await this.hub.get(url, { signal, headers, follow: 'files' }), from);
  }

  close(): Promise<unknown> {
    return this.hub.close();
  }
}

async function accept({ response, url }: HubAnswer, from: number): Promise<OpenedModel> {
  const { statusCode: status, headers, body } = response;
  const refused = async (error: DomainError): Promise<never> => {
    await discard(response);
    throw error;
  };
  if (/^text\/html\b/i.test(headerOf(headers['content-type']) ?? ''))
    return refused(notAModel(`${url.host} answers with a web page instead of a model.`));

  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headerOf(headers['content-range']) ?? '');
  if (status === 206 && Number(range?.[1] ?? -1) !== from)
    return refused(sourceUnavailable('huggingface', `${url.host} answers another range than asked for.`));
  const length = headerOf(headers['content-length']);
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
