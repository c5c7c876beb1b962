import { type DataOf, OnEvent } from '@app/messaging';
import { AdapterChanged } from '../contracts/index.js';
import { AdapterEntries } from '../search/adapter-entries.js';

@OnEvent(AdapterChanged, { queue: 'explore.list-adapter-on-adapter-changed' })
export class ListAdapterOnAdapterChangedHandler {
  constructor(private readonly adapters: AdapterEntries) {}

  handle({ adapterId }: DataOf<AdapterChanged>): Promise<void> {
    return this.adapters.refresh(adapterId);
  }
}
