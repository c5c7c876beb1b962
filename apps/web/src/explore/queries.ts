import { infiniteQueryOptions, queryOptions, useQuery } from '@tanstack/react-query';
import { installedQuery, queryClient } from '../api/queries.js';
import { Problem } from '../api/problem.js';
import { api } from '../api/session.js';
import type { InstallView } from '../api/views.js';
import type { AdapterPage } from '../adapters/views.js';
import { browserMachine } from './browser-fit.js';
import { writeSearch, type Search } from './search-state.js';
import type { CardView, EntryFileList, EntryPage, EntryView } from './views.js';

export const entriesQuery = (search: Search) => {
  const asked = writeSearch(search).toString();
  return infiniteQueryOptions({
    queryKey: ['entries', asked],
    queryFn: async ({ pageParam, signal }) => {
      const params = new URLSearchParams(asked);
      if (search.fits === 'browser') {
        const { memoryBytes, storageFreeBytes } = await queryClient.ensureQueryData(browserMachineQuery);
        if (memoryBytes !== null) params.set('browserMemory', String(memoryBytes));
        if (storageFreeBytes !== null) params.set('browserStorage', String(Math.max(0, storageFreeBytes)));
      }
      if (pageParam) params.set('cursor', pageParam);
      return api.get<EntryPage>(`/api/explore/entries?${params}`, signal);
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    staleTime: 30_000,
  });
};

/** Where the API has an entry. */
export const entryUrl = (id: string): string => `/api/explore/entries/${encodeURIComponent(id)}`;

export const entryQuery = (id: string) =>
  queryOptions({
    queryKey: ['entry', id],
    queryFn: ({ signal }) => api.get<EntryView>(entryUrl(id), signal),
  });

/** The entries of what is installed: from a model or a file to its page. */
export const installedEntriesQuery = queryOptions({
  queryKey: ['entries', 'installed'],
  queryFn: async ({ signal }) =>
    (await api.get<EntryPage>('/api/explore/entries?installed=true&limit=60', signal)).items,
  staleTime: 30_000,
});

/** The entry that a file on the server or in this browser belongs to; null while there is none. */
export function useEntryOf(): (digest: string) => string | null {
  const { data: models } = useQuery(installedQuery);
  const { data: entries } = useQuery(installedEntriesQuery);
  return (digest) => {
    const model = models?.find((installed) => installed.digest === digest);
    return entries?.find((entry) => entry.digest === digest || entry.installedAs === model?.id)?.id ?? null;
  };
}

export const installsQuery = queryOptions({
  queryKey: ['installs'],
  queryFn: async ({ signal }) => (await api.get<{ items: InstallView[] }>('/api/explore/installs', signal)).items,
});

/** What it can be installed from, and whether that fits. The hub may be asked, which takes a moment. */
export const entryFilesQuery = (id: string) =>
  queryOptions({
    queryKey: ['entry-files', id],
    queryFn: ({ signal }) => api.get<EntryFileList>(`${entryUrl(id)}/files`, signal),
    staleTime: 60_000,
    retry: false,
  });

/**
 * What its publisher wrote about it; null: nothing.
 * @param of where the API has the entry or the repository
 */
export const cardQuery = (of: string) =>
  queryOptions({
    queryKey: ['card', of],
    queryFn: async ({ signal }): Promise<CardView | null> => {
      try {
        return await api.get<CardView>(`${of}/card`, signal);
      } catch (error) {
        if (error instanceof Problem && error.status === 404) return null;
        throw error;
      }
    },
    staleTime: 600_000,
    retry: false,
  });

export const browserMachineQuery = queryOptions({
  queryKey: ['browser-machine'],
  queryFn: browserMachine,
  staleTime: 60_000,
});

/** Adapters that were trained on the file with this digest. */
export const adaptersOnQuery = (digest: string) =>
  queryOptions({
    queryKey: ['adapters', 'on', digest],
    queryFn: async ({ signal }) => (await api.get<AdapterPage>(`/api/adapters?limit=30&base=${digest}`, signal)).items,
  });

/** Shows a changed entry at once, on its page and in the lists. */
export function entryChanged(entry: EntryView): Promise<void> {
  queryClient.setQueryData(entryQuery(entry.id).queryKey, entry);
  return queryClient.invalidateQueries({ queryKey: ['entries'] });
}
