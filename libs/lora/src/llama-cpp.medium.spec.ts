import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileSource } from '@app/gguf';
import { writeTinyGguf } from '@app/testing';
import { getLlama, type Llama } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkGgufAdapterFits, readGgufAdapter } from './gguf-adapter.js';
import { readGgufBase } from './gguf-base.js';
import { mergedGguf } from './merged-gguf.fixture.js';
import {
  Bytes,
  collect,
  configOf,
  madeUpdate,
  product,
  safetensorsOf,
  shapesOf,
  type MadeUpdate,
  type Sizes,
} from './lora.fixture.js';
import { layerModules } from './low-rank.js';
import { readPeftAdapter } from './peft-adapter.js';
import { toGguf } from './to-gguf.js';

/** Of the tiny random model. */
const sizes: Sizes = { layers: 2, width: 128, headWidth: 32, heads: 4, keyValueHeads: 4, hidden: 256 };
const config = configOf({ r: 4, lora_alpha: 0.5, use_rslora: true });
const scale = 0.25;
const prompt = 'A question about ba de fi go hu';
let folder: string;
let llama: Llama;
const file = (name: string) => join(folder, name);

const updates: MadeUpdate[] = [0, 1].flatMap((layer) =>
  layerModules.map((module) => madeUpdate(layer, module, {}, sizes)),
);

async function baseOf(path: string) {
  await using handle = await open(path, 'r');
  return await readGgufBase(await fileSource(handle));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-lora-'));
  llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, progressLogs: false, maxThreads: 1 });
  await writeTinyGguf(file('base.gguf'), { kind: 'random' });
  const adapter = await readPeftAdapter(config, new Bytes(safetensorsOf(updates, sizes)));
  const base = await baseOf(file('base.gguf'));
  for (const type of ['F32', 'F16'] as const)
    await writeFile(file(`lora-${type}.gguf`), await collect(toGguf(adapter, base, type)));
  const delta = (update: MadeUpdate) => product(update, ...shapesOf(sizes)[update.module], scale);
  await writeFile(file('merged.gguf'), await mergedGguf(file('base.gguf'), updates, delta, sizes));
});
afterAll(async () => {
  await llama.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** The most likely next tokens after the prompt, with their probabilities, and a greedy answer. */
async function answer(model: string, adapter?: string) {
  const loaded = await llama.loadModel({ modelPath: file(model), gpuLayers: 0, ignoreMemorySafetyChecks: true });
  const context = await loaded.createContext({
    contextSize: 256,
    threads: 1,
    ignoreMemorySafetyChecks: true,
    failedCreationRemedy: false,
    ...(adapter && { lora: { adapters: [{ filePath: file(adapter), scale: 1 }] } }),
  });
  try {
    const sequence = context.getSequence();
    const tokens = loaded.tokenize(prompt);
    const metadata = tokens.map((token, at) =>
      at === tokens.length - 1
        ? ([token, { generateNext: { probabilities: true } }] as [
            typeof token,
            { generateNext: { probabilities: true } },
          ])
        : token,
    );
    const evaluated = await sequence.controlledEvaluate(metadata);
    const probabilities = evaluated.at(-1)?.next.probabilities ?? new Map<number, number>();
    await sequence.clearHistory();
    const said: number[] = [];
    for await (const token of sequence.evaluate(tokens, { temperature: 0 })) if (said.push(token) >= 24) break;
    return { probabilities: new Map<number, number>(probabilities), said };
  } finally {
    await context.dispose();
    await loaded.dispose();
  }
}

/** Half of the sum of all differences: 0 for equal distributions, 1 for those that share nothing. */
function distance(one: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>): number {
  const tokens = new Set([...one.keys(), ...other.keys()]);
  return [...tokens].reduce((sum, token) => sum + Math.abs((one.get(token) ?? 0) - (other.get(token) ?? 0)), 0) / 2;
}

describe('a converted adapter in llama.cpp', () => {
  it('does what the merged weights do, which is not what the base does', async () => {
    const base = await answer('base.gguf');
    const merged = await answer('merged.gguf');
    expect(merged.probabilities.size).toBeGreaterThan(100);
    expect(distance(base.probabilities, merged.probabilities)).toBeGreaterThan(0.1);
    expect(merged.said).not.toEqual(base.said);

    const exact = await answer('base.gguf', 'lora-F32.gguf');
    expect(distance(exact.probabilities, merged.probabilities)).toBeLessThan(1e-3);
    expect(exact.said).toEqual(merged.said);
    const half = await answer('base.gguf', 'lora-F16.gguf');
    expect(distance(half.probabilities, merged.probabilities)).toBeLessThan(2e-2);
  });

  it('is refused before the engine sees it when the base has other shapes, as the engine does', async () => {
    await writeTinyGguf(file('narrow.gguf'), { kind: 'random', width: 64 });
    const narrow = await baseOf(file('narrow.gguf'));
    await using handle = await open(file('lora-F16.gguf'), 'r');
    const adapter = await readGgufAdapter(await fileSource(handle));
    const refused = { code: 'explore.adapter-wrong-base' };
    expect(() => checkGgufAdapterFits(adapter, { ...narrow, architecture: 'gemma' })).toThrow(
      expect.objectContaining(refused) as Error,
    );
    expect(() => checkGgufAdapterFits(adapter, narrow)).toThrow(expect.objectContaining(refused) as Error);
    checkGgufAdapterFits(adapter, await baseOf(file('base.gguf')));
    await expect(answer('narrow.gguf', 'lora-F16.gguf')).rejects.toThrow(/LoRA/);
  });
});
