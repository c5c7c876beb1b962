import { stat } from 'node:fs/promises';
import { ollamaBlob } from '../catalogue/ollama-library.js';
import type { CatalogueEntry } from '../domain/catalogue.js';
import { notAtSource } from '../domain/errors.js';
import { ModelSource, type OpenedModel, type OpenRequest } from '../domain/model-source.js';
import { openLocal } from './local-file.js';

/** The libraries of Ollama on this machine: whatever has the right digest is copied, also for entries of other sources. */
export class OllamaSource extends ModelSource {
  readonly name = 'ollama';
  readonly retries = 0;

  constructor(private readonly folders: readonly string[]) {
    super();
  }

  offers(entry: CatalogueEntry): boolean {
    if (entry.sources.ollama) return true;
    return entry.digest !== null && ollamaBlob(this.folders, entry.digest) !== null;
  }

  extraBytes(): number {
    return 0;
  }

  async open(entry: CatalogueEntry, request: OpenRequest): Promise<OpenedModel> {
    const path = entry.digest && ollamaBlob(this.folders, entry.digest);
    const file = path ? await stat(path).catch(() => null) : null;
    if (!path || !file?.isFile()) throw notAtSource(this.name, `Ollama no longer has the file of ${entry.name}.`);
    return openLocal(this.name, { name: `The file of ${entry.name}`, path, sizeBytes: file.size }, request);
  }
}
