import { type DataOf, Handles, MessageBus } from '@app/messaging';
import { DefaultModelChanged, ModelRemoved, RemoveModel } from '../contracts/index.js';
import { modelNotFound } from '../domain/errors.js';
import { InstalledModels } from '../persistence/installed-models.js';

/** The file goes once the removal is committed, see `delete-file-on-model-removed`. */
@Handles(RemoveModel)
export class RemoveModelHandler {
  constructor(
    private readonly models: InstalledModels,
    private readonly bus: MessageBus,
  ) {}

  async handle({ modelId }: DataOf<RemoveModel>): Promise<void> {
    const model = await this.models.find(modelId);
    if (!model) throw modelNotFound(modelId);
    const stream = `explore.model:${modelId}`;
    const nextDefault = await this.models.takeAway(modelId, { forGood: true });
    await this.bus.publish(new ModelRemoved({ modelId, digest: model.digest }), { stream });
    if (nextDefault)
      await this.bus.publish(new DefaultModelChanged({ modelId: nextDefault }), {
        stream: `explore.model:${nextDefault}`,
      });
  }
}
