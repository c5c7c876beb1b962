import type { AdapterFile, Engine, Sampler } from './engine.js';
import { EngineError } from './errors.js';

export interface WantedModel {
  runtime: Engine['name'];
  digest: string;
  contextTokens: number;
  adapterDigest: string | null;
}

interface Files {
  model(): Promise<Blob>;
  adapter(): Promise<Blob>;
}

let current: Engine | null = null;

/** The code of an engine comes when a model needs it, and one engine holds one model. */
async function engineOf(name: Engine['name']): Promise<Engine> {
  if (current?.name === name) return current;
  await current?.unload();
  current = null;
  if (name === 'mediapipe') {
    const { MediaPipeEngine } = await import('./mediapipe/mediapipe-engine.js');
    current = new MediaPipeEngine();
  } else {
    const { WllamaEngine } = await import('./wllama/wllama-engine.js');
    current = new WllamaEngine();
  }
  return current;
}

/** The engine with this model and adapter in memory. */
export async function ready(
  wanted: WantedModel,
  files: Files,
  options: { sampler: Sampler; signal: AbortSignal; onProgress(progress: number): void },
): Promise<Engine> {
  const { runtime, digest, contextTokens, adapterDigest } = wanted;
  const engine = await engineOf(runtime);
  // Said before a file of gigabytes is fetched for nothing.
  if (engine.capabilities.webGpu && !(await navigator.gpu?.requestAdapter())) throw new EngineError('engine.no-webgpu');
  const adapter = async (): Promise<AdapterFile[]> =>
    adapterDigest === null ? [] : [{ digest: adapterDigest, file: await files.adapter(), baseDigest: digest }];
  if (engine.loaded !== digest) {
    const file = await files.model();
    await engine.load({ digest, file, contextTokens }, { ...options, adapters: await adapter() });
  } else {
    for (const one of await adapter()) await engine.loadAdapter(one);
  }
  if (engine.loaded !== digest) throw new EngineError('engine.crashed');
  return engine;
}

/** Digest of the model in memory. */
export const loadedModel = (): string | null => current?.loaded ?? null;

export async function unloadModel(): Promise<void> {
  await current?.unload();
}
