import { type DataOf, Handles, type MessageContext, type ResultOf } from '@app/messaging';
import { ListHubFiles } from '../contracts/index.js';
import { InstalledModels } from '../persistence/installed-models.js';
import { HubModels } from '../sources/hub-models.js';

@Handles(ListHubFiles)
export class ListHubFilesHandler {
  constructor(
    private readonly hub: HubModels,
    private readonly models: InstalledModels,
  ) {}

  async handle({ repo }: DataOf<ListHubFiles>, context: MessageContext): Promise<ResultOf<ListHubFiles>> {
    const files = await this.hub.list(repo, context.signal);
    const here = new Set((await this.models.catalogueIds()).map(({ digest }) => digest));
    const items = files.map(({ path: file, quantization, sizeBytes, digest }) => ({
      ...{ file, quantization, sizeBytes, digest },
      installed: here.has(digest),
    }));
    return { items };
  }
}
