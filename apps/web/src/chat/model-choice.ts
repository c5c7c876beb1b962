import { useQuery } from '@tanstack/react-query';
import { useMemo, useSyncExternalStore } from 'react';
import { modelsQuery } from '../api/queries.js';
import { Store } from '../api/store.js';
import type { ModelView } from '../api/views.js';
import { browserModelsQuery, type BrowserModel } from '../browser/browser-models.js';
import { local } from '../lib/storage.js';

const chosen = new Store<string | null>(local.get('model'));

export function chooseModel(id: string): void {
  local.set('model', id);
  chosen.set(id);
}

/** A model of the server, or one that this browser runs. */
export type ModelOption = ModelView | BrowserOption;
interface BrowserOption extends Omit<ModelView, 'engine'> {
  engine: BrowserModel['runtime'];
  lora: boolean;
}

export interface ModelChoice {
  models: readonly ModelOption[] | undefined;
  /** The chosen model, while it is there; else the server's default. */
  model: ModelOption | null;
}

/** `local`: of a conversation that stays in this browser, which no model of the server may see. */
export function useModelChoice({ local = false } = {}): ModelChoice {
  const id = useSyncExternalStore(chosen.subscribe, chosen.get);
  // Until there is one, look again: it may be on its way.
  const { data: ofServer } = useQuery({
    ...modelsQuery,
    refetchInterval: (query) => (query.state.data?.length === 0 ? 4000 : false),
  });
  const { data: ofBrowser } = useQuery({ ...browserModelsQuery, enabled: isSecureContext });
  const models = useMemo((): readonly ModelOption[] | undefined => {
    const here = ofBrowser?.map(toOption);
    return local ? here : ofServer && [...ofServer, ...(here ?? [])];
  }, [ofServer, ofBrowser, local]);
  const model = models?.find((m) => m.id === id) ?? models?.find((m) => m.default) ?? models?.[0] ?? null;
  return { models, model };
}

const toOption = ({ id, name, runtime, digest, sizeBytes, contextTokens, lora }: BrowserModel): BrowserOption => ({
  ...{ id, name, engine: runtime, default: false, digest, sizeBytes, contextLength: contextTokens, lora },
});
