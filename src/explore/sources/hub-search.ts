import { Injectable } from '@nestjs/common';
import { type Cache, Caches } from '@app/cache';
import { Database } from '@app/persistence';
import type { DataOf } from '@app/messaging';
import { z } from 'zod';
import { HubModelView, type SearchHub } from '../contracts/index.js';
import { badCursor } from '../domain/errors.js';
import { type Answered, HubAnswers } from '../persistence/hub-answers.js';
import { searchMark } from '../search/cursor.js';
import { HubApi } from './hub-api.js';

/** What is asked for of each repository beside its name: the rest of what the hub knows would be megabytes. */
const EXPAND = ['author', 'downloads', 'likes', 'lastModified', 'gated', 'tags', 'gguf'];
/** Tags of the hub that a repository of the kind has. */
const FILTER = { gguf: 'gguf', adapter: 'peft', mediapipe: 'litert-lm' } as const;
const SORT = { downloads: 'downloads', likes: 'likes', updated: 'lastModified', trending: 'trendingScore' } as const;
const FORMATS = ['gguf', 'safetensors', 'peft', 'litert-lm', 'mediapipe', 'tflite', 'onnx', 'mlx'];

const SEARCH_FRESH_MS = 2 * 60_000;
const MODEL_FRESH_MS = 10 * 60_000;
const DEADLINE_MS = 20_000;

const count = z.number().min(0).nullish().catch(null);
/** The hub adds and leaves out fields; only the name must be there. */
const Model = z.object({
  id: z.string().max(200),
  author: z.string().max(100).nullish().catch(null),
  downloads: count,
  likes: count,
  lastModified: z.string().max(50).nullish().catch(null),
  gated: z.union([z.boolean(), z.string()]).nullish().catch(null),
  tags: z.array(z.string()).nullish().catch(null),
  gguf: z.object({ total: count, context_length: count }).nullish().catch(null),
});

type Found = Omit<HubModelView, 'entryId'>;
const Found = HubModelView.omit({ entryId: true });
const Page = z.object({ items: z.array(Found), next: z.string().nullable() });

/** Repositories at the hub: asked live, and again only after a while. */
@Injectable()
export class HubSearch {
  private readonly pages: Cache<z.infer<typeof Page>>;

  constructor(
    private readonly api: HubApi,
    private readonly answers: HubAnswers,
    private readonly db: Database,
    caches: Caches,
  ) {
    this.pages = caches.open('explore.hub-pages', Page);
  }

  async search({ cursor, ...asked }: DataOf<SearchHub>): Promise<{ items: HubModelView[]; nextCursor: string | null }> {
    const mark = searchMark(asked);
    const [of, at] = cursor === undefined ? [mark, undefined] : splitOnce(cursor);
    if (of !== mark || at === '') throw badCursor();
    const key = searchMark({ mark, at });
    let page = await this.pages.get(key);
    if (!page) {
      page = await this.ask(asked, at);
      await this.pages.set(key, page, SEARCH_FRESH_MS);
    }
    const { items, next } = page;
    return { items: await this.withEntries(items), nextCursor: next === null ? null : `${mark}.${next}` };
  }

  async model(repo: string): Promise<Answered<HubModelView>> {
    const answer = await this.answers.read(`model:${repo}`, Found, MODEL_FRESH_MS, async () => {
      const url = this.api.urlOf('api', 'models', ...repo.split('/'));
      for (const property of EXPAND) url.searchParams.append('expand', property);
      const { value } = await this.api.json(url, Model, AbortSignal.timeout(DEADLINE_MS));
      // A renamed repository answers under its new name; it is told under the one that was asked for.
      return describe({ ...value, id: repo });
    });
    const [value] = await this.withEntries([answer.value]);
    return { ...answer, value: value! };
  }

  private async ask({ q, kind, sort, limit }: Omit<DataOf<SearchHub>, 'cursor'>, cursor: string | undefined) {
    const url = this.api.urlOf('api', 'models');
    const params = { search: q, filter: FILTER[kind], sort: SORT[sort], direction: '-1', limit: String(limit), cursor };
    for (const [name, value] of Object.entries(params)) if (value) url.searchParams.set(name, value);
    for (const property of EXPAND) url.searchParams.append('expand', property);
    const { value, link } = await this.api.json(url, z.array(Model), AbortSignal.timeout(DEADLINE_MS));
    const items = value.filter(({ id }) => /^[\w.-]+\/[\w.-]+$/.test(id)).slice(0, limit);
    return { items: items.map(describe), next: nextOf(link, url) };
  }

  private async withEntries(found: readonly Found[]): Promise<HubModelView[]> {
    const rows = await this.db.query<{ id: string }>(
      `SELECT id FROM explore.catalogue_entries WHERE id = ANY ($1::text[]) AND visibility = 'public'`,
      [found.map(({ repository }) => `hf:${repository}`)],
    );
    const known = new Set(rows.map(({ id }) => id));
    return found.map((model) => {
      const id = `hf:${model.repository}`;
      return { ...model, entryId: known.has(id) ? id : null };
    });
  }
}

function describe({ id, author, downloads, likes, lastModified, gated, tags, gguf }: z.infer<typeof Model>): Found {
  const all = (tags ?? []).filter((tag) => tag.length <= 200);
  const tagged = (name: string) => all.find((tag) => tag.startsWith(`${name}:`))?.slice(name.length + 1) ?? null;
  const [owner, name] = id.split('/');
  const changed = lastModified ? new Date(lastModified) : null;
  return {
    repository: id,
    author: author ?? owner!,
    name: name!,
    license: tagged('license'),
    downloads: downloads ?? 0,
    likes: likes ?? 0,
    updatedAt: changed && !Number.isNaN(changed.getTime()) ? changed.toISOString() : null,
    gated: Boolean(gated),
    languages: all.filter((tag) => /^[a-z]{2}$/.test(tag) && languages.of(tag) !== undefined).slice(0, 40),
    // `base_model:<repository>`, or with how it was made between the two.
    baseModel: tagged('base_model')?.replace(/^\w+:/, '') ?? null,
    formats: FORMATS.filter((format) => all.includes(format)),
    parameters: gguf?.total ?? null,
    contextLength: gguf?.context_length ?? null,
  };
}

const languages = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

/** The cursor of the next page, out of `Link: <…&cursor=…>; rel="next"`. */
function nextOf(link: string | null, base: URL): string | null {
  const next = /<([^<>]{1,4000})>\s{0,5};\s{0,5}rel="?next"?/.exec(link ?? '')?.[1];
  const cursor = next && URL.canParse(next, base.href) ? new URL(next, base).searchParams.get('cursor') : null;
  return cursor && cursor.length <= 1900 ? cursor : null;
}

function splitOnce(cursor: string): [string, string] {
  const at = cursor.indexOf('.');
  return [cursor.slice(0, Math.max(at, 0)), cursor.slice(at + 1)];
}
