import { Handles, type ResultOf } from '@app/messaging';
import { ListInstalledModels } from '../contracts/index.js';
import { InstalledModels } from '../persistence/installed-models.js';

@Handles(ListInstalledModels)
export class ListInstalledModelsHandler {
  constructor(private readonly models: InstalledModels) {}

  async handle(): Promise<ResultOf<ListInstalledModels>> {
    return { items: await this.models.list() };
  }
}
