import { type DataOf, Handles, MessageBus } from '@app/messaging';
import { BrowserModelRemoved, RemoveBrowserModel } from '../contracts/index.js';
import { modelNotFound } from '../domain/errors.js';
import { BrowserModels } from '../persistence/browser-models.js';

/** The file goes once the removal is committed, see `delete-file-on-browser-model-removed`. */
@Handles(RemoveBrowserModel)
export class RemoveBrowserModelHandler {
  constructor(
    private readonly models: BrowserModels,
    private readonly bus: MessageBus,
  ) {}

  async handle({ id }: DataOf<RemoveBrowserModel>): Promise<void> {
    const model = await this.models.remove(id);
    if (!model) throw modelNotFound(id);
    await this.bus.publish(new BrowserModelRemoved({ id, digest: model.digest }), {
      stream: `explore.browser-model:${id}`,
    });
  }
}
