import { Handles, type ResultOf } from '@app/messaging';
import { ListBrowserModels } from '../contracts/index.js';
import { BrowserModels } from '../persistence/browser-models.js';

@Handles(ListBrowserModels)
export class ListBrowserModelsHandler {
  constructor(private readonly models: BrowserModels) {}

  async handle(): Promise<ResultOf<ListBrowserModels>> {
    const models = await this.models.list();
    return { items: models.map(({ key: _key, ...model }) => model) };
  }
}
