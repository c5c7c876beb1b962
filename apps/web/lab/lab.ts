import type { AdapterFile, Engine, EngineEvent, Sampler } from '../src/engines/engine.js';
import { BrowserFiles, type StoredFile } from '../src/engines/files/browser-files.js';
import { MediaPipeEngine } from '../src/engines/mediapipe/mediapipe-engine.js';
import { WllamaEngine } from '../src/engines/wllama/wllama-engine.js';

/** The page that the engines' tests drive: what they call, and what came of it as plain data. */
export interface Asset {
  url: string;
  digest: string;
  sizeBytes: number;
  encoding: StoredFile['encoding'];
}
interface Asked {
  text?: string;
  adapter?: string | null;
  maxTokens?: number;
  seed?: number;
  /** Aborts once so many pieces have come. */
  stopAfter?: number;
  /** Leaves the loop instead of aborting. */
  leaveAfter?: number;
}
export interface Said {
  text: string;
  pieces: number;
  finish: Extract<EngineEvent, { type: 'finish' }> | null;
}
export type Outcome<T> = { ok: T } | { code: string; reason?: string };

const files = new BrowserFiles();
const engines: Record<Engine['name'], Engine> = { mediapipe: new MediaPipeEngine(), wllama: new WllamaEngine() };

const sampler = (asked: Asked): Sampler => ({
  ...{ temperature: 0, topP: 1, topK: 1, minP: 0 },
  ...{ seed: asked.seed ?? 7, maxTokens: asked.maxTokens ?? 256 },
});

async function outcome<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: await work };
  } catch (error) {
    const { code, reason } = error as { code?: string; reason?: string };
    return { code: code ?? String(error), reason };
  }
}

const keep = (
  asset: Asset,
  kind: StoredFile['kind'] = 'model',
  signal?: AbortSignal,
  onProgress?: (b: number) => void,
) =>
  files.fetch(
    { ...asset, kind, name: asset.url, locate: () => Promise.resolve({ url: asset.url }) },
    { signal, onProgress },
  );

/** Most tokens that the loaded model was loaded for. */
const held: Partial<Record<Engine['name'], number>> = {};

const lab = {
  progress: [] as number[],
  received: 0,
  files,
  engines,
  supported: () => 'gpu' in navigator,
  fetch: (asset: Asset) =>
    outcome(keep(asset, 'model', undefined, (bytes) => (lab.received = bytes)).then((file) => file.size)),
  async load(name: Engine['name'], asset: Asset, contextTokens = 256) {
    lab.progress = [];
    return outcome(
      (async () => {
        const model = { digest: asset.digest, file: await keep(asset), contextTokens };
        const loaded = await engines[name].load(model, { onProgress: (progress) => lab.progress.push(progress) });
        held[name] = contextTokens;
        return loaded;
      })(),
    );
  },
  /** Loads the model unless it is in memory as it should be. */
  have: (name: Engine['name'], asset: Asset, contextTokens = 256): Promise<Outcome<unknown>> =>
    engines[name].loaded === asset.digest && held[name] === contextTokens
      ? Promise.resolve({ ok: null })
      : lab.load(name, asset, contextTokens),
  /** Whatever the bytes are: past the digest, which would have refused them. */
  loadBytes: (name: Engine['name'], bytes: number[] | string, size: number) =>
    outcome(
      (async () => {
        const head = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : new Uint8Array(bytes);
        const whole = new Uint8Array(Math.max(size, head.length));
        whole.set(head);
        return engines[name].load({ digest: 'f'.repeat(64), file: new Blob([whole]), contextTokens: 64 });
      })(),
    ),
  /** The file with so many MiB of nothing behind it; they take no memory. */
  loadHuge: (name: Engine['name'], asset: Asset, mebibytes: number) =>
    outcome(
      (async () => {
        const nothing = new Blob([new Uint8Array(2 ** 20)]);
        const file = new Blob([await keep(asset), ...Array.from({ length: mebibytes }, () => nothing)]);
        return engines[name].load({ digest: 'd'.repeat(64), file, contextTokens: 64 });
      })(),
    ),
  loadCut: (name: Engine['name'], asset: Asset, size: number) =>
    outcome(
      (async () => {
        const file = (await keep(asset)).slice(0, size);
        return engines[name].load({ digest: 'e'.repeat(64), file, contextTokens: 64 });
      })(),
    ),
  adapt: (name: Engine['name'], asset: Asset, baseDigest: string) =>
    outcome(
      (async () => {
        const adapter: AdapterFile = { digest: asset.digest, file: await keep(asset, 'adapter'), baseDigest };
        await engines[name].loadAdapter(adapter);
      })(),
    ),
  unadapt: (name: Engine['name'], digest: string) => outcome(engines[name].unloadAdapter(digest)),
  count: (name: Engine['name'], text: string) => outcome(engines[name].countTokens([{ role: 'user', content: text }])),
  unload: (name: Engine['name']) => outcome(engines[name].unload()),
  say: (name: Engine['name'], asked: Asked = {}) =>
    outcome(
      (async (): Promise<Said> => {
        const stop = new AbortController();
        const said: Said = { text: '', pieces: 0, finish: null };
        const messages = [{ role: 'user' as const, content: asked.text ?? 'hi' }];
        const request = { messages, sampler: sampler(asked), adapter: asked.adapter ?? null };
        for await (const event of engines[name].generate(request, stop.signal)) {
          if (event.type === 'finish') said.finish = event;
          if (event.type !== 'token') continue;
          said.text += event.text;
          said.pieces += 1;
          if (said.pieces === asked.stopAfter) stop.abort();
          if (said.pieces === asked.leaveAfter) break;
        }
        return said;
      })(),
    ),
};
export type Lab = typeof lab;
declare global {
  interface Window {
    lab: Lab;
  }
}
window.lab = lab;
