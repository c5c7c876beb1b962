import { queryOptions } from '@tanstack/react-query';
import { api } from '../api/session.js';
import { orKept } from '../offline/away.js';
import type { InstalledModelView } from '../api/views.js';

/** A model, with an adapter or without, that this browser can run. */
export interface BrowserModel {
  /** `browser:<runtime>:<model's digest>[:<adapter's digest>]` */
  id: string;
  name: string;
  runtime: 'mediapipe' | 'wllama';
  digest: string;
  sizeBytes: number;
  contextTokens: number;
  adapter: { digest: string; name: string; sizeBytes: number } | null;
}

interface BrowserModelView {
  name: string;
  digest: string;
  sizeBytes: number;
  format: 'bin' | 'task' | 'litertlm';
  lora: boolean;
}
interface AdapterView {
  name: string;
  browserBase: { digest: string } | null;
  current: number | null;
  versions: { number: number; files: { encoding: 'gguf' | 'mediapipe'; sha256: string; sizeBytes: number }[] }[];
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
  const adapters = web.items.some(({ lora }) => lora)
    ? (await api.get<{ items: AdapterView[] }>('/api/adapters?limit=100', signal)).items
    : [];
  return [
    ...web.items.filter(isRunnable).flatMap((model) => withAdapters(model, adapters)),
    ...gguf.items.filter(({ sizeBytes }) => sizeBytes <= MOST_GGUF_BYTES).map(ofGguf),
  ];
}

/** Of servers that still took `.task` bundles: the engine runs none, so none is offered. */
const isRunnable = ({ format }: BrowserModelView) => format !== 'task';

function withAdapters({ name, digest, sizeBytes }: BrowserModelView, adapters: readonly AdapterView[]): BrowserModel[] {
  const id = `browser:mediapipe:${digest}`;
  const alone = { id, name, runtime: 'mediapipe' as const, digest, sizeBytes, contextTokens: MEDIAPIPE_CONTEXT };
  const fitting = adapters.flatMap((adapter): BrowserModel[] => {
    if (adapter.browserBase?.digest !== digest) return [];
    const version = adapter.versions.find(({ number }) => number === adapter.current);
    const file = version?.files.find(({ encoding }) => encoding === 'mediapipe');
    if (!file) return [];
    const facts = { digest: file.sha256, name: adapter.name, sizeBytes: file.sizeBytes };
    return [{ ...alone, id: `${id}:${file.sha256}`, name: `${name} + ${adapter.name}`, adapter: facts }];
  });
  return [{ ...alone, adapter: null }, ...fitting];
}

const ofGguf = ({ name, digest, sizeBytes, contextLength }: InstalledModelView): BrowserModel => ({
  ...{ id: `browser:wllama:${digest}`, name, runtime: 'wllama', digest, sizeBytes },
  ...{ contextTokens: contextLength, adapter: null },
});
