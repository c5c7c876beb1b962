import { OnEvent, type DataOf } from '@app/messaging';
import { DefaultModelChanged } from '../../explore/contracts/index.js';
import { ModelRegistry } from '../models/model-registry.js';

@OnEvent(DefaultModelChanged, { queue: 'inference.set-default-on-default-model-changed' })
export class SetDefaultOnDefaultModelChangedHandler {
  constructor(private readonly models: ModelRegistry) {}

  handle({ modelId }: DataOf<DefaultModelChanged>): Promise<void> {
    return this.models.setDefault(modelId);
  }
}
