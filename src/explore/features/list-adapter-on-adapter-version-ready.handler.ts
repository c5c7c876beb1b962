import { type DataOf, OnEvent } from '@app/messaging';
import { AdapterVersionReady } from '../contracts/index.js';
import { AdapterEntries } from '../search/adapter-entries.js';

@OnEvent(AdapterVersionReady, { queue: 'explore.list-adapter-on-adapter-version-ready' })
export class ListAdapterOnAdapterVersionReadyHandler {
  constructor(private readonly adapters: AdapterEntries) {}

  handle({ adapterId }: DataOf<AdapterVersionReady>): Promise<void> {
    return this.adapters.refresh(adapterId);
  }
}
