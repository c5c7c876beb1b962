import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import { type AdapterPage, type BrowserModelView, isConverting } from './views.js';

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

/** Those that can be chosen for a model now. */
export const adaptersFor = (digest: string | null) =>
  queryOptions({
    queryKey: ['adapters', 'for', digest],
    queryFn: async ({ signal }) => {
      const { items } = await api.get<AdapterPage>(`/api/adapters?limit=100&base=${digest}`, signal);
      return items.filter(({ versions }) =>
        versions.some(({ status, files }) => status === 'ready' && files.some(({ encoding }) => encoding === 'gguf')),
      );
    },
    enabled: digest !== null,
    staleTime: 30_000,
  });

export const browserModelsQuery = queryOptions({
  queryKey: ['browser-models'],
  queryFn: async ({ signal }) =>
    (await api.get<{ items: BrowserModelView[] }>('/api/explore/browser-models', signal)).items,
});

export const adaptersChanged = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ['adapters'] });
