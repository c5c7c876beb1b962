import { api } from '../api/session.js';
import type { FileView } from '../api/views.js';
import { EngineError } from '../engines/errors.js';
import { browserFiles, type Quota, type WantedFile } from '../engines/files/browser-files.js';
import { loadedModel, unloadModel } from '../engines/loaded-engine.js';
import { type BrowserMachine, browserMachine } from '../explore/browser-fit.js';
import type { AnsweringModel, BrowserModel } from './browser-models.js';
import { beginDownload, downloadGrew, endDownload } from './downloads.js';

/** What this browser has of the files of models, and what it has for them. */
export interface ModelFiles {
  /** Bytes that are here, by digest; a file that is complete is in `complete`, too. */
  receivedBytes: ReadonlyMap<string, number>;
  complete: ReadonlySet<string>;
  /** Digest of the model in memory. */
  loaded: string | null;
  quota: Quota;
  machine: BrowserMachine;
}

export async function modelFiles(): Promise<ModelFiles> {
  const [files, quota, machine] = await Promise.all([browserFiles.list(), browserFiles.quota(), browserMachine()]);
  const sizes = files.map(async ({ digest, complete, sizeBytes }) => {
    return [digest, complete ? sizeBytes : await browserFiles.receivedBytes(digest)] as const;
  });
  return {
    receivedBytes: new Map(await Promise.all(sizes)),
    complete: new Set(files.filter(({ complete }) => complete).map(({ digest }) => digest)),
    ...{ loaded: loadedModel(), quota, machine },
  };
}

const locate = (digest: string, signal?: AbortSignal) => async () => {
  const { url } = await api.get<FileView>(`/api/files/${digest}`, signal);
  return { url: new URL(url, location.href).href };
};

const encodingOf = ({ runtime }: BrowserModel) => (runtime === 'mediapipe' ? 'mediapipe' : 'gguf');

export function wantedModel(model: BrowserModel, signal?: AbortSignal): WantedFile {
  const { digest, name, sizeBytes } = model;
  return { digest, name, sizeBytes, kind: 'model', encoding: encodingOf(model), locate: locate(digest, signal) };
}

export const wantedAdapter = (
  model: BrowserModel,
  { digest, name, sizeBytes }: NonNullable<AnsweringModel['adapter']>,
  signal?: AbortSignal,
): WantedFile => ({
  ...{ digest, name, sizeBytes },
  kind: 'adapter',
  encoding: encodingOf(model),
  locate: locate(digest, signal),
});

/** Brings a model here before it is needed. Resolves false when it was cancelled; what came is kept for the next time. */
export async function downloadModel(model: BrowserModel): Promise<boolean> {
  const { digest, sizeBytes } = model;
  const stop = new AbortController();
  beginDownload(digest, { receivedBytes: 0, sizeBytes, cancel: () => stop.abort() });
  try {
    await browserFiles.fetch(wantedModel(model, stop.signal), {
      signal: stop.signal,
      onProgress: (receivedBytes) => downloadGrew(digest, receivedBytes),
    });
    return true;
  } catch (error) {
    if (stop.signal.aborted) return false;
    throw error instanceof EngineError ? new Error(error.message, { cause: error }) : error;
  } finally {
    endDownload(digest);
  }
}

export async function deleteModel(digest: string): Promise<void> {
  if (loadedModel() === digest) await unloadModel();
  await browserFiles.remove(digest);
}
