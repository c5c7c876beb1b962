export const HUB_KINDS = { gguf: 'For this server', mediapipe: 'For the browser', adapter: 'LoRA adapters' } as const;
export type HubKind = keyof typeof HUB_KINDS;

export const HUB_SORTS = {
  downloads: 'Most downloaded',
  likes: 'Most liked',
  trending: 'Trending',
  updated: 'Newest',
} as const;
export type HubSort = keyof typeof HUB_SORTS;

/** What is looked for at the hub. It stands in the address. */
export interface HubSearch {
  q: string;
  kind: HubKind;
  sort: HubSort;
}

const among = <T extends string>(values: Record<T, string>, text: string | null, otherwise: T): T =>
  text !== null && Object.hasOwn(values, text) ? (text as T) : otherwise;

/** @param query of an address, with its `?` or without; what is not understood there is left out */
export function readHubSearch(query: string): HubSearch {
  const params = new URLSearchParams(query);
  return {
    q: (params.get('q') ?? '').slice(0, 200),
    kind: among(HUB_KINDS, params.get('kind'), 'gguf'),
    sort: among(HUB_SORTS, params.get('sort'), 'downloads'),
  };
}

/** The same words stand in the address and in the request to the server. */
export function writeHubSearch({ q, kind, sort }: HubSearch): URLSearchParams {
  const params = new URLSearchParams();
  if (q) params.set('q', q);
  if (kind !== 'gguf') params.set('kind', kind);
  if (sort !== 'downloads') params.set('sort', sort);
  return params;
}

export function hubPath(search: HubSearch): string {
  const query = writeHubSearch(search).toString();
  return query ? `/hub?${query}` : '/hub';
}
