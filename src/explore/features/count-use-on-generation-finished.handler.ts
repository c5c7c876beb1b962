import { type DataOf, OnEvent } from '@app/messaging';
import { GenerationFinished } from '../../inference/contracts/index.js';
import { CatalogueEntries } from '../search/catalogue-entries.js';

/** An answer is a use of its model and of each adapter in it. */
@OnEvent(GenerationFinished, { queue: 'explore.count-use-on-generation-finished' })
export class CountUseOnGenerationFinishedHandler {
  constructor(private readonly entries: CatalogueEntries) {}

  async handle({ metadata }: DataOf<GenerationFinished>): Promise<void> {
    if (metadata) await this.entries.used([metadata.modelDigest, ...metadata.adapterDigests]);
  }
}
