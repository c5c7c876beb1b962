import { type DataOf, type MessageContext, OnEvent } from '@app/messaging';
import { DefaultModelChanged, ModelInstalled, ModelRemoved } from '../../explore/contracts/index.js';
import { ModelRegistry } from '../models/model-registry.js';

/** One queue for all three: a model that is removed and installed again must not be taken away by the older event. */
@OnEvent<ModelInstalled | ModelRemoved | DefaultModelChanged>([ModelInstalled, ModelRemoved, DefaultModelChanged], {
  queue: 'inference.keep-models-on-models-changed',
})
export class KeepModelsOnModelsChangedHandler {
  constructor(private readonly models: ModelRegistry) {}

  async handle(
    data: DataOf<ModelInstalled> | DataOf<ModelRemoved> | DataOf<DefaultModelChanged>,
    { type }: MessageContext,
  ): Promise<void> {
    if (type === ModelInstalled.type) await this.models.add(data as DataOf<ModelInstalled>);
    else if (type === ModelRemoved.type) await this.remove(data as DataOf<ModelRemoved>);
    else await this.models.setDefault(data.modelId);
  }

  private remove({ modelId, digest }: DataOf<ModelRemoved>): Promise<void> {
    return this.models.remove(modelId, digest);
  }
}
