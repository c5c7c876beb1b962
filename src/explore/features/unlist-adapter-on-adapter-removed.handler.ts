import { type DataOf, OnEvent } from '@app/messaging';
import { AdapterRemoved } from '../contracts/index.js';
import { AdapterEntries } from '../search/adapter-entries.js';

@OnEvent(AdapterRemoved, { queue: 'explore.unlist-adapter-on-adapter-removed' })
export class UnlistAdapterOnAdapterRemovedHandler {
  constructor(private readonly adapters: AdapterEntries) {}

  handle({ adapterId }: DataOf<AdapterRemoved>): Promise<void> {
    return this.adapters.refresh(adapterId);
  }
}
