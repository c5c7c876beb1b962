import { type DataOf, Handles, MessageBus } from '@app/messaging';
import { DefaultModelChanged, type InstalledModelView, SetDefaultModel } from '../contracts/index.js';
import { modelNotFound } from '../domain/errors.js';
import { InstalledModels } from '../persistence/installed-models.js';

@Handles(SetDefaultModel)
export class SetDefaultModelHandler {
  constructor(
    private readonly models: InstalledModels,
    private readonly bus: MessageBus,
  ) {}

  async handle({ modelId }: DataOf<SetDefaultModel>): Promise<InstalledModelView> {
    const model = await this.models.find(modelId);
    if (!model) throw modelNotFound(modelId);
    if (model.default) return model;
    await this.models.makeDefault(modelId);
    await this.bus.publish(new DefaultModelChanged({ modelId }), { stream: `explore.model:${modelId}` });
    return { ...model, default: true };
  }
}
