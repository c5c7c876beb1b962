import { FACETS, type Facet } from './views.js';

export const SORTS = {
  relevance: 'Best match',
  uses: 'Most used',
  rating: 'Best rated',
  newest: 'Newest',
  name: 'Name',
  size: 'Smallest',
} as const;
export type Sort = keyof typeof SORTS;

export const PLACES = { server: 'This server', browser: 'This browser' } as const;
export type Place = keyof typeof PLACES;

/** What is looked for. It stands in the address, so that it can be linked to and gone back to. */
export interface Search {
  q: string;
  sort: Sort;
  installed: 'true' | 'false' | null;
  /** Only what can run there. */
  fits: Place | null;
  facets: Partial<Record<Facet, string>>;
}

const isSort = (text: string | null): text is Sort => text !== null && Object.hasOwn(SORTS, text);

const isPlace = (text: string | null): text is Place => text !== null && Object.hasOwn(PLACES, text);

/** @param query of an address, with its `?` or without; what is not understood there is left out */
export function readSearch(query: string): Search {
  const params = new URLSearchParams(query);
  const [sort, installed, fits] = [params.get('sort'), params.get('installed'), params.get('fits')];
  return {
    q: (params.get('q') ?? '').slice(0, 200),
    sort: isSort(sort) ? sort : 'relevance',
    installed: installed === 'true' || installed === 'false' ? installed : null,
    fits: isPlace(fits) ? fits : null,
    facets: Object.fromEntries(
      FACETS.flatMap((facet) => {
        const value = params.get(facet)?.trim().slice(0, 80);
        return value ? [[facet, value]] : [];
      }),
    ),
  };
}

/** The same words stand in the address and in the request to the server. */
export function writeSearch({ q, sort, installed, fits, facets }: Search): URLSearchParams {
  const params = new URLSearchParams();
  if (q) params.set('q', q);
  for (const facet of FACETS) if (facets[facet]) params.set(facet, facets[facet]);
  if (installed) params.set('installed', installed);
  if (fits) params.set('fits', fits);
  if (sort !== 'relevance') params.set('sort', sort);
  return params;
}

/** How much narrows it beside the words. */
export const countFilters = ({ facets, installed, fits }: Search): number =>
  Object.keys(facets).length + (installed ? 1 : 0) + (fits ? 1 : 0);

export function explorePath(search: Search): string {
  const query = writeSearch(search).toString();
  return query ? `/explore?${query}` : '/explore';
}
