import { OnEvent, type DataOf } from '@app/messaging';
import { ModelInstalled } from '../../explore/contracts/index.js';
import { ModelRegistry } from '../models/model-registry.js';

@OnEvent(ModelInstalled, { queue: 'inference.add-model-on-model-installed' })
export class AddModelOnModelInstalledHandler {
  constructor(private readonly models: ModelRegistry) {}

  handle(model: DataOf<ModelInstalled>): Promise<void> {
    return this.models.add(model);
  }
}
