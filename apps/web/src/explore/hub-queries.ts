import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api } from '../api/session.js';
import { writeHubSearch, type HubSearch } from './hub-search.js';
import type { HubModelDetails, HubModelPage } from './hub-views.js';

/** Where the API has a repository. */
export const repositoryUrl = (repository: string): string =>
  `/api/explore/hub/models/${repository.split('/').map(encodeURIComponent).join('/')}`;

export const hubModelsQuery = (search: HubSearch) => {
  const asked = writeHubSearch(search).toString();
  return infiniteQueryOptions({
    queryKey: ['hub', asked],
    queryFn: ({ pageParam, signal }) => {
      const params = new URLSearchParams(asked);
      if (pageParam) params.set('cursor', pageParam);
      return api.get<HubModelPage>(`/api/explore/hub/models?${params}`, signal);
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    staleTime: 300_000,
    // The hub counts requests: whoever wants another try presses the button.
    retry: false,
  });
};

export const hubModelQuery = (repository: string) =>
  queryOptions({
    queryKey: ['entry-files', 'hub', repository],
    queryFn: ({ signal }) => api.get<HubModelDetails>(repositoryUrl(repository), signal),
    staleTime: 60_000,
    retry: false,
  });
