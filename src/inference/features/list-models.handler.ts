import { Handles, type ResultOf } from '@app/messaging';
import { ListModels } from '../contracts/index.js';
import { ModelRegistry } from '../models/model-registry.js';

@Handles(ListModels)
export class ListModelsHandler {
  constructor(private readonly models: ModelRegistry) {}

  async handle(): Promise<ResultOf<ListModels>> {
    return { models: await this.models.list() };
  }
}
