import type { CatalogueEntry } from './catalogue.js';

/** The name by which requests ask for the model: the entry's id, or the name of the file in lower case for one of a folder, of Ollama or the hub. */
export function modelIdOf(entry: CatalogueEntry): string {
  const hub = entry.id.startsWith('hf:') ? entry.sources.huggingface?.file.split('/').at(-1) : undefined;
  const file = entry.sources.folder?.file ?? entry.sources.ollama?.name ?? hub;
  if (!file) return entry.id;
  const slug = file
    .toLowerCase()
    .replace(/\.gguf$/, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return slug || 'model';
}
