import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { modelsQuery } from '../api/queries.js';
import { Store } from '../api/store.js';
import type { ModelView } from '../api/views.js';
import { local } from '../lib/storage.js';

const chosen = new Store<string | null>(local.get('model'));

export function chooseModel(id: string): void {
  local.set('model', id);
  chosen.set(id);
}

export interface ModelChoice {
  models: readonly ModelView[] | undefined;
  /** The chosen model, while it is there; else the server's default. */
  model: ModelView | null;
}

export function useModelChoice(): ModelChoice {
  const id = useSyncExternalStore(chosen.subscribe, chosen.get);
  // Until there is one, look again: it may be on its way.
  const { data: models } = useQuery({
    ...modelsQuery,
    refetchInterval: (query) => (query.state.data?.length === 0 ? 4000 : false),
  });
  const model = models?.find((m) => m.id === id) ?? models?.find((m) => m.default) ?? models?.[0] ?? null;
  return { models, model };
}
