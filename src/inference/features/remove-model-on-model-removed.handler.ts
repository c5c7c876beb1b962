import { OnEvent, type DataOf } from '@app/messaging';
import { ModelRemoved } from '../../explore/contracts/index.js';
import { ModelRegistry } from '../models/model-registry.js';

@OnEvent(ModelRemoved, { queue: 'inference.remove-model-on-model-removed' })
export class RemoveModelOnModelRemovedHandler {
  constructor(private readonly models: ModelRegistry) {}

  handle({ modelId, digest }: DataOf<ModelRemoved>): Promise<void> {
    return this.models.remove(modelId, digest);
  }
}
