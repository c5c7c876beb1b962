import { type DataOf, Handles, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { type EntryPage, facetNames, SearchCatalogue } from '../contracts/index.js';
import { EntryFits, roomInBrowser } from '../fit/entry-fits.js';
import { EntryRows } from '../persistence/entry-rows.js';
import { InstalledModels } from '../persistence/installed-models.js';
import { readCursor, searchMark, writeCursor } from '../search/cursor.js';
import { LocalEntries } from '../search/local-entries.js';
import { QueryWords } from '../search/query-words.js';
import { countStatement, type Found, MOST_RANKED, orders, pageStatement } from '../search/search-sql.js';
import type { z } from 'zod';

/** Two statements: one counts and says how many tags there are, the other finds the page. Then the page is read. */
@Handles(SearchCatalogue)
export class SearchCatalogueHandler {
  constructor(
    private readonly db: Database,
    private readonly words: QueryWords,
    private readonly models: InstalledModels,
    private readonly entries: EntryRows,
    private readonly local: LocalEntries,
    private readonly entryFits: EntryFits,
  ) {}

  async handle(search: DataOf<SearchCatalogue>, context: MessageContext): Promise<ResultOf<SearchCatalogue>> {
    const { q, cursor: given, limit, sort, ...filters } = search;
    // What a browser has may change from page to page.
    const { cursor: _cursor, limit: _limit, browserMemory: _memory, browserStorage: _storage, ...asked } = search;
    const mark = searchMark(asked);
    if (given === undefined) await this.local.refresh();
    const cursor = given === undefined ? null : readCursor(given, mark, orders[sort].written);
    const { words, name, corrected } = await this.words.read(q);
    const found: Found = {
      words,
      name,
      tags: facetNames.flatMap((facet) => (filters[facet] ? [`${facet}:${filters[facet]}`] : [])),
      ...(await this.places(search)),
      userId: context.actor?.userId ?? null,
      role: context.actor?.role ?? null,
    };
    const counted = cursor ? null : await this.count(found);
    const total = cursor?.n ?? counted!.total;
    const ranked = cursor?.r ?? total < MOST_RANKED;
    const page = pageStatement(found, { sort, ranked, after: cursor?.k ?? null, limit: limit + 1 });
    const rows = await this.db.query<{ id: string; key: string; rank: string | null }>(page.text, page.values);
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    const keys = last && (ranked ? [last.rank!, last.key, last.id] : [last.key, last.id]);
    return {
      items: await this.entries.list(
        shown.map(({ id }) => id),
        context.actor ?? null,
      ),
      nextCursor: keys ? writeCursor({ s: mark, r: ranked, k: keys, n: total }) : null,
      total,
      facets: counted?.facets ?? null,
      corrected,
    };
  }

  /** What is asked about where it is, and where it would run. */
  private async places(search: DataOf<SearchCatalogue>): Promise<Pick<Found, 'installed' | 'fits'>> {
    const { installed, fits, browserMemory, browserStorage } = search;
    if (installed === undefined && fits === undefined) return { installed: null, fits: null };
    const models = await this.models.catalogueIds();
    const here = { ids: models.map((m) => m.catalogue_id), digests: models.map((m) => m.digest) };
    const nowhere = { ids: [], digests: [] };
    const room = {
      server: async () => ({ room: await this.entryFits.onServer(), here }),
      browser: () => ({ room: roomInBrowser(browserMemory, browserStorage), here: nowhere }),
    };
    return {
      installed: installed === undefined ? null : { is: installed, ...here },
      fits: fits ? await room[fits]() : null,
    };
  }

  private async count(found: Found) {
    const { text, values } = countStatement(found);
    const [row] = await this.db.query<{ total: number; tags: [string, number][] }>(text, values);
    const facets = Object.fromEntries(facetNames.map((name) => [name, []])) as unknown as Facets;
    for (const [tag, count] of row!.tags) {
      const at = tag.indexOf(':');
      const values = facets[tag.slice(0, at) as keyof Facets];
      if (values && values.length < MOST_VALUES) values.push({ value: tag.slice(at + 1), count });
    }
    return { total: row!.total, facets };
  }
}

type Facets = NonNullable<z.infer<typeof EntryPage>['facets']>;

/** Values of one facet; a longer list helps nobody choose. */
const MOST_VALUES = 20;
