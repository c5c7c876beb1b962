import { infiniteQueryOptions, queryOptions, skipToken } from '@tanstack/react-query';
import { queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import { orKept } from '../offline/away.js';
import { type AdapterPage, type BrowserModelView, type Encoding, fileOf, isConverting } from './views.js';

export const adaptersQuery = infiniteQueryOptions({
  queryKey: ['adapters', 'all'],
  queryFn: ({ pageParam, signal }) => {
    const params = new URLSearchParams({ limit: '30' });
    if (pageParam) params.set('after', pageParam);
    return api.get<AdapterPage>(`/api/adapters?${params}`, signal);
  },
  initialPageParam: '',
  getNextPageParam: (page) => page.next ?? undefined,
  // While something is being converted its progress is looked at.
  refetchInterval: ({ state }) =>
    state.data?.pages.some(({ items }) => items.some((adapter) => isConverting(adapter))) ? 1000 : false,
});

/** What adapters can be chosen for: the file of a model, and the encoding that its engine reads. */
export interface AdapterBase {
  digest: string;
  encoding: Encoding;
}

/** Those that can be chosen for a model now; while the server is away, those of the last time. */
export const adaptersFor = (base: AdapterBase | null) =>
  queryOptions({
    queryKey: ['adapters', 'for', base?.digest, base?.encoding],
    queryFn: base
      ? async ({ signal }) => {
          const { digest, encoding } = base;
          const ask = () => api.get<AdapterPage>(`/api/adapters?limit=100&base=${digest}`, signal);
          const { items } = await orKept(`adapters-${digest}`, ask);
          return items.filter((adapter) => fileOf(adapter, encoding) !== null);
        }
      : skipToken,
    staleTime: 30_000,
  });

export const browserModelsQuery = queryOptions({
  queryKey: ['browser-models'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: BrowserModelView[] }>('/api/explore/browser-models', signal)).items,
});

export const adaptersChanged = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ['adapters'] });
