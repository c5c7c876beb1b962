import { type DataOf, OnEvent } from '@app/messaging';
import { ModelInstalled } from '../contracts/index.js';
import { CatalogueEntries } from '../search/catalogue-entries.js';

@OnEvent(ModelInstalled, { queue: 'explore.count-use-on-model-installed' })
export class CountUseOnModelInstalledHandler {
  constructor(private readonly entries: CatalogueEntries) {}

  handle({ digest }: DataOf<ModelInstalled>): Promise<void> {
    return this.entries.used([digest]);
  }
}
