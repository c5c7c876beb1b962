import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { Store } from '../api/store.js';
import type { ModelOption } from '../chat/model-choice.js';
import { local } from '../lib/storage.js';
import { adaptersFor } from './queries.js';
import type { AdapterView } from './views.js';

const chosen = new Store<string | null>(local.get('adapter'));

export function chooseAdapter(id: string | null): void {
  local.set('adapter', id);
  chosen.set(id);
}

export interface AdapterOptions {
  /** Those for the chosen model alone. */
  adapters: readonly AdapterView[];
  /** The chosen one, while it is for the chosen model. */
  adapter: AdapterView | null;
}

/** Which adapter answers next on top of the model. */
export function useAdapterChoice(model: Pick<ModelOption, 'engine' | 'digest'> | null): AdapterOptions {
  const id = useSyncExternalStore(chosen.subscribe, chosen.get);
  const { data: adapters = [] } = useQuery(adaptersFor(model?.engine === 'llama-cpp' ? model.digest : null));
  return { adapters, adapter: adapters.find((adapter) => adapter.id === id) ?? null };
}
