import type { CatalogueEntry } from './catalogue.js';

/** The name by which requests ask for the model: the entry's id, or the file's name in lower case for one of the folder or the hub. */
export function modelIdOf(entry: CatalogueEntry): string {
  const hub = entry.id.startsWith('hf:') ? entry.sources.huggingface?.file.split('/').at(-1) : undefined;
  const file = entry.sources.folder?.file ?? hub;
  if (!file) return entry.id;
  const slug = file
    .toLowerCase()
    .replace(/\.gguf$/, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return slug || 'model';
}
