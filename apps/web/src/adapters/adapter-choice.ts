import { useQuery } from '@tanstack/react-query';
import { useMemo, useSyncExternalStore } from 'react';
import { queryClient } from '../api/queries.js';
import { Store } from '../api/store.js';
import type { ModelOption } from '../chat/model-choice.js';
import { local } from '../lib/storage.js';
import { type AdapterBase, adaptersFor } from './queries.js';
import type { AdapterView } from './views.js';

/** What the next answer is asked for with, on the server or here. */
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
  /** The engine of the chosen model knows no strength: adapters are applied as they were made. */
  fixed: boolean;
}

/** Which adapter answers next on top of the model. */
export function useAdapterChoice(model: ModelOption | null): AdapterOptions {
  const wanted = useSyncExternalStore(chosen.subscribe, chosen.get);
  const { data: adapters = NONE } = useQuery(adaptersFor(baseOf(model)));
  const fixed = model?.engine === 'mediapipe';
  return useMemo(() => {
    const adapter = adapters.find(({ id }) => id === wanted?.id) ?? null;
    return { adapters, adapter, choice: adapter && wanted, fixed };
  }, [adapters, wanted, fixed]);
}

/** The chosen one, if it is for this model. */
export async function adapterOn(model: ModelOption): Promise<ChosenAdapter | null> {
  const wanted = chosen.get();
  const base = baseOf(model);
  if (!wanted || !base) return null;
  const adapters = await queryClient.ensureQueryData(adaptersFor(base));
  return adapters.some(({ id }) => id === wanted.id) ? wanted : null;
}

/** Null: no adapter can be applied to it. */
function baseOf(model: ModelOption | null): AdapterBase | null {
  if (!model?.digest) return null;
  if (model.engine === 'llama-cpp') return { digest: model.digest, encoding: 'gguf' };
  return 'lora' in model && model.lora ? { digest: model.digest, encoding: 'mediapipe' } : null;
}

const NONE: readonly AdapterView[] = [];
