import { queryOptions } from '@tanstack/react-query';
import { api } from '../api/session.js';
import { orKept } from '../offline/away.js';
import type { InstalledModelView } from '../api/views.js';

/** A model that this browser can run. */
export interface BrowserModel {
  /** `browser:<runtime>:<digest>` */
  id: string;
  name: string;
  runtime: 'mediapipe' | 'wllama';
  digest: string;
  sizeBytes: number;
  contextTokens: number;
  /** Whether its engine applies LoRA adapters to it. */
  lora: boolean;
}

/** A model as it answers: with an adapter on top of it, or without. */
export interface AnsweringModel extends BrowserModel {
  adapter: { id: string; digest: string; name: string; sizeBytes: number } | null;
}

/** What people read of it beside an answer. */
export const labelOf = ({ name, adapter }: AnsweringModel): string => (adapter ? `${name} + ${adapter.name}` : name);

interface BrowserModelView {
  name: string;
  digest: string;
  sizeBytes: number;
  format: 'bin' | 'task' | 'litertlm';
  lora: boolean;
}

/** As much as a page may hold for WebAssembly of 32 bits, with room for the rest. */
const MOST_GGUF_BYTES = 2 * 2 ** 30;
/** What the engine takes at most; the file does not say. */
const MEDIAPIPE_CONTEXT = 2048;

export const isBrowserModel = (id: string | null): id is string => id?.startsWith('browser:') ?? false;

export const browserModelsQuery = queryOptions({
  queryKey: ['models', 'browser'],
  staleTime: 30_000,
  queryFn: ({ signal }) => orKept('browser-models', () => listModels(signal)),
});

async function listModels(signal: AbortSignal): Promise<BrowserModel[]> {
  const [web, gguf] = await Promise.all([
    api.get<{ items: BrowserModelView[] }>('/api/explore/browser-models', signal),
    api.get<{ items: InstalledModelView[] }>('/api/explore/models', signal),
  ]);
  return [
    ...web.items.filter(isRunnable).map(ofWeb),
    ...gguf.items.filter(({ sizeBytes }) => sizeBytes <= MOST_GGUF_BYTES).map(ofGguf),
  ];
}

/** Of servers that still took `.task` bundles: the engine runs none, so none is offered. */
const isRunnable = ({ format }: BrowserModelView) => format !== 'task';

const ofWeb = ({ name, digest, sizeBytes, lora }: BrowserModelView): BrowserModel => ({
  ...{ id: `browser:mediapipe:${digest}`, name, runtime: 'mediapipe', digest, sizeBytes },
  ...{ contextTokens: MEDIAPIPE_CONTEXT, lora },
});

const ofGguf = ({ name, digest, sizeBytes, contextLength }: InstalledModelView): BrowserModel => ({
  ...{ id: `browser:wllama:${digest}`, name, runtime: 'wllama', digest, sizeBytes },
  ...{ contextTokens: contextLength, lora: false },
});
