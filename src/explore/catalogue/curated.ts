import { z } from 'zod';
import type { NewEntry } from '../search/new-entry.js';
import { builtInCatalogue } from './built-in.js';
import { type BuiltInFacts, CuratedRepository } from './curated-entry.js';
import { curatedRepositories } from './curated-repositories.js';

const european = ['en', 'de', 'fr', 'es', 'it', 'pt'];
export const builtInFacts: Record<string, z.infer<typeof BuiltInFacts>> = {
  'smollm2-135m-instruct': {
    publisher: 'HuggingFaceTB',
    baseModel: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    languages: ['en'],
    capabilities: ['chat'],
  },
  'smollm2-135m-instruct-q4-k-m': {
    publisher: 'HuggingFaceTB',
    baseModel: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    languages: ['en'],
    capabilities: ['chat'],
  },
  'qwen3-0.6b': {
    publisher: 'Qwen',
    baseModel: 'Qwen/Qwen3-0.6B',
    languages: [...european, 'zh', 'ja', 'ko', 'ar', 'ru'],
    capabilities: ['chat', 'reasoning', 'tools'],
  },
};

/** When the first of them was shipped; the order among what is newer is the order in which this server met it. */
const shippedAt = new Date('2026-11-01T00:00:00Z');

const repositoryId = (repo: string) => `hf:${repo}`;

/** Ids of the entries that Parley ships: all that a start asks for, mostly. */
export const shippedIds = (): string[] => [
  ...builtInCatalogue.map(({ id }) => id),
  ...curatedRepositories.map(({ repo }) => repositoryId(repo)),
];

/** The entries that Parley ships, as they stand in the catalogue. */
export function shippedEntries(): NewEntry[] {
  const models = builtInCatalogue.map((entry): NewEntry => {
    const known = builtInFacts[entry.id];
    return {
      ...{ id: entry.id, kind: 'model', origin: 'built-in', name: entry.name, description: entry.description },
      ...{ license: entry.license, parameters: entry.parameters, quantization: entry.quantization },
      ...{ contextLength: entry.contextLength, sizeBytes: entry.sizeBytes, digest: entry.digest, baseDigest: null },
      publisher: known?.publisher ?? null,
      baseModel: known?.baseModel ?? null,
      languages: known?.languages ?? [],
      capabilities: known?.capabilities ?? [],
      encodings: ['gguf'],
      places: entry.sources,
      addedAt: shippedAt,
    };
  });
  const repositories = z
    .array(CuratedRepository)
    .parse(curatedRepositories)
    .map(({ repo, ...entry }): NewEntry => ({
      ...entry,
      ...{ id: repositoryId(repo), kind: 'model', origin: 'built-in', quantization: null, sizeBytes: null },
      ...{ digest: null, baseDigest: null, encodings: ['gguf'], places: { repo }, addedAt: shippedAt },
    }));
  return [...models, ...repositories];
}
