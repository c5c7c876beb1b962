import type { MemoryFacts } from '@app/gguf';
import type { Places } from '../domain/catalogue.js';
import { licenseName } from './license-name.js';
import { wordsOf } from './words.js';

/** What is written down of a model or adapter, to be found by. */
export interface NewEntry {
  id: string;
  kind: 'model' | 'adapter';
  origin: 'built-in' | 'hub' | 'adapter' | 'local';
  name: string;
  publisher: string | null;
  description: string;
  license: string | null;
  parameters: number | null;
  quantization: string | null;
  contextLength: number | null;
  sizeBytes: number | null;
  digest: string | null;
  baseModel: string | null;
  baseDigest: string | null;
  languages: readonly string[];
  capabilities: readonly string[];
  encodings: readonly string[];
  places: Places & { repo?: string };
  ownerId?: string | null;
  visibility?: 'private' | 'group' | 'public';
  visibleTo?: string | null;
  /** What was read of its file already. */
  header?: MemoryFacts;
  addedAt: Date;
}

/** Words of one entry that are looked up; a description longer than that adds noise. */
const MOST_WORDS = 120;

/** What of an entry can be chosen by, as `<facet>:<value>`. */
export function tagsOf(entry: NewEntry): string[] {
  const tag = (name: string, values: readonly (string | null)[]) =>
    values.filter((value) => value !== null).map((value) => `${name}:${value.slice(0, 80)}`);
  const { huggingface, pypi, folder, ollama, repo } = entry.places;
  return [
    ...tag('kind', [entry.kind]),
    ...tag('license', [licenseName(entry.license)]),
    ...tag('language', entry.languages),
    ...tag('capability', entry.capabilities),
    ...tag('encoding', entry.encodings),
    ...tag('quantization', [entry.quantization]),
    ...tag('source', [
      huggingface || repo ? 'huggingface' : null,
      pypi ? 'pypi' : null,
      folder ? 'folder' : null,
      ollama ? 'ollama' : null,
      entry.kind === 'adapter' ? 'this-server' : null,
    ]),
  ];
}

export const nameWordsOf = (entry: NewEntry): string[] => wordsOf(entry.name);

export const allWordsOf = (entry: NewEntry): string[] =>
  wordsOf(
    [entry.name, entry.publisher, entry.baseModel, entry.places.repo, ...entry.capabilities, entry.description].join(
      ' ',
    ),
  ).slice(0, MOST_WORDS);
