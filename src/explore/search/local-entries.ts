import { Injectable } from '@nestjs/common';
import { type LocalModel, LocalModels } from '../catalogue/local-models.js';
import { CatalogueEntries } from './catalogue-entries.js';
import type { NewEntry } from './new-entry.js';

/** Folders are looked into again after so long, by whoever searches. */
const STALE_MS = 15_000;

/** Keeps the models of this machine's folders in the catalogue, and takes away those that are gone. */
@Injectable()
export class LocalEntries {
  private looking: Promise<void> | null = null;
  private lookedAt = -Infinity;
  /** What was put there last, so that nothing is written while nothing changes. */
  private put: string | null = null;

  constructor(
    private readonly models: LocalModels,
    private readonly entries: CatalogueEntries,
  ) {}

  async refresh(): Promise<void> {
    if (performance.now() - this.lookedAt < STALE_MS) return;
    this.looking ??= this.look().finally(() => {
      this.lookedAt = performance.now();
      this.looking = null;
    });
    await this.looking;
  }

  private async look(): Promise<void> {
    const found = await this.models.list();
    const now = JSON.stringify(found);
    if (now === this.put) return;
    await this.entries.put(found.map(toEntry));
    await this.entries.keepOnly(
      'local',
      found.map(({ id }) => id),
    );
    this.put = now;
  }
}

function toEntry({ sources, ...entry }: LocalModel): NewEntry {
  return {
    ...entry,
    ...{ kind: 'model', origin: 'local', publisher: null, baseModel: null, baseDigest: null, places: sources },
    ...{ languages: [], capabilities: [], encodings: ['gguf'], addedAt: new Date() },
  };
}
