import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { z } from 'zod';
import type { CardView } from '../contracts/index.js';
import { noCard, sourceUnavailable } from '../domain/errors.js';
import { HubAnswers } from '../persistence/hub-answers.js';
import { HubApi } from '../sources/hub-api.js';
import { cardText, pictureSources } from './card-text.js';

/** Front matter with results of evaluations can be long. */
const MOST_BYTES = 1024 * 1024;
const FRESH_MS = 6 * 3_600_000;
const DEADLINE_MS = 20_000;

const Card = z.object({
  markdown: z.string(),
  truncated: z.boolean(),
  pictures: z.array(z.object({ src: z.string(), id: z.string(), address: z.string() })),
});
type Card = z.infer<typeof Card>;

/** Cards of repositories of the hub: the file README.md of each. */
@Injectable()
export class Cards {
  constructor(
    private readonly api: HubApi,
    private readonly answers: HubAnswers,
  ) {}

  /** @param path of this server under which the pictures are */
  async view(repo: string, path: string): Promise<CardView> {
    const { value, fetchedAt, problem } = await this.lately(repo);
    return {
      markdown: value.markdown,
      source: this.api.urlOf(...repo.split('/')).href,
      fetchedAt: fetchedAt.toISOString(),
      stale: problem !== null,
      truncated: value.truncated,
      pictures: value.pictures.map(({ src, id }) => ({ src, url: `${path}/${id}` })),
    };
  }

  /** Where a picture of the card is; null when the card names none such. */
  async pictureAddress(repo: string, pictureId: string): Promise<URL | null> {
    const { value } = await this.lately(repo);
    const picture = value.pictures.find(({ id }) => id === pictureId);
    return picture ? new URL(picture.address) : null;
  }

  private lately(repo: string) {
    return this.answers.read(`card:${repo}`, Card, FRESH_MS, () => this.ask(repo));
  }

  private async ask(repo: string): Promise<Card> {
    const url = this.api.urlOf(...repo.split('/'), 'resolve', 'main', 'README.md');
    const request = { follow: 'files', most: MOST_BYTES, tooLong: 'cut' } as const;
    const { bytes, cut, contentType } = await this.api
      .get(url, { ...request, signal: AbortSignal.timeout(DEADLINE_MS) })
      .catch((error: unknown) => {
        throw error instanceof DomainError && error.kind === 'not-found' ? noCard() : error;
      });
    if (/^text\/html\b/i.test(contentType ?? ''))
      throw sourceUnavailable('huggingface', `${url.host} answers with a web page instead of a card.`);
    const { markdown, truncated } = cardText(bytes, cut);
    const pictures = pictureSources(markdown).flatMap((src) => {
      const address = this.addressOf(src, url);
      return address
        ? [{ src, address: address.href, id: createHash('sha256').update(address.href).digest('hex') }]
        : [];
    });
    return { markdown, truncated, pictures };
  }

  /** Pictures are at the hub itself or behind TLS; anything else (data:, http:, javascript:) is none of ours. */
  private addressOf(src: string, base: URL): URL | null {
    if (!URL.canParse(src, base.href)) return null;
    const url = new URL(src, base);
    url.hash = '';
    return url.origin === base.origin || url.protocol === 'https:' ? url : null;
  }
}
