import { useQuery } from '@tanstack/react-query';
import { useMemo, useSyncExternalStore } from 'react';
import { Store } from '../api/store.js';
import type { ModelOption } from '../chat/model-choice.js';
import { local } from '../lib/storage.js';
import { adaptersFor } from './queries.js';
import type { AdapterView } from './views.js';

/** What the server is asked to answer with. */
export interface ChosenAdapter {
  id: string;
  /** How strongly it is applied: 0 (not at all) to 2. */
  scale: number;
}

export const MOST_STRENGTH = 2;

const chosen = new Store<ChosenAdapter | null>(kept());

function kept(): ChosenAdapter | null {
  const id = local.get('adapter');
  const scale = Number(local.get('adapter.scale') ?? 1);
  return id === null ? null : { id, scale: scale >= 0 && scale <= MOST_STRENGTH ? scale : 1 };
}

const keep = (choice: ChosenAdapter | null): void => {
  local.set('adapter', choice?.id ?? null);
  local.set('adapter.scale', choice && String(choice.scale));
  chosen.set(choice);
};

/** At its own strength. */
export const chooseAdapter = (id: string | null): void => keep(id === null ? null : { id, scale: 1 });

export function chooseStrength(scale: number): void {
  const choice = chosen.get();
  if (choice) keep({ ...choice, scale });
}

export interface AdapterOptions {
  /** Those for the chosen model alone. */
  adapters: readonly AdapterView[];
  /** The chosen one, while it is for the chosen model. */
  adapter: AdapterView | null;
  choice: ChosenAdapter | null;
  /** Name of the one that the chosen model of this browser carries; nobody can change its strength. */
  fixed: string | null;
}

/** Which adapter answers next on top of the model. */
export function useAdapterChoice(model: ModelOption | null): AdapterOptions {
  const wanted = useSyncExternalStore(chosen.subscribe, chosen.get);
  const { data: adapters = NONE } = useQuery(adaptersFor(model?.engine === 'llama-cpp' ? model.digest : null));
  const fixed = (model && 'adapter' in model && model.adapter?.name) || null;
  return useMemo(() => {
    const adapter = adapters.find(({ id }) => id === wanted?.id) ?? null;
    return { adapters, adapter, choice: adapter && wanted, fixed };
  }, [adapters, wanted, fixed]);
}

const NONE: readonly AdapterView[] = [];
