import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { SearchHub } from '../contracts/index.js';
import { HubSearch } from '../sources/hub-search.js';

@Handles(SearchHub)
export class SearchHubHandler {
  constructor(private readonly hub: HubSearch) {}

  handle(search: DataOf<SearchHub>): Promise<ResultOf<SearchHub>> {
    return this.hub.search(search);
  }
}
