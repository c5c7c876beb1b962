import { local } from '../lib/storage.js';
import type { Sampler } from '../engines/engine.js';

const DEFAULT_TEMPERATURE = 0.7;

/** How freely models in this browser pick their words: 0 (always the likeliest) to 2. */
export function temperature(): number {
  const kept = Number(local.get('browser.temperature') ?? Number.NaN);
  return kept >= 0 && kept <= 2 ? kept : DEFAULT_TEMPERATURE;
}

export const setTemperature = (value: number): void => local.set('browser.temperature', String(value));

let seed = randomSeed();

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/** The seed stays as long as the page does, because another one costs loading again; a retry wants another answer. */
export function samplerFor({ retry }: { retry: boolean }): Sampler {
  const warmth = temperature();
  if (retry && warmth > 0) seed = randomSeed();
  return { temperature: warmth, topP: 0.95, topK: 40, minP: 0.05, seed, maxTokens: 1024 };
}
