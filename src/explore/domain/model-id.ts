import type { CatalogueEntry } from './catalogue.js';

/** The name by which requests ask for the model: the entry's id, or the folder file's name in lower case. */
export function modelIdOf(entry: CatalogueEntry): string {
  const file = entry.sources.folder?.file;
  if (!file) return entry.id;
  const slug = file
    .toLowerCase()
    .replace(/\.gguf$/, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return slug || 'model';
}
