import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { BaseFiles } from '../adapters/base-files.js';
import { FileLinks } from '../adapters/file-links.js';
import { NewVersion } from '../adapters/new-version.js';
import { AddAdapterVersion, type AdapterView } from '../contracts/index.js';
import { toAdapterView } from '../persistence/adapter-rows.js';
import { Adapters } from '../persistence/adapters.js';

@Handles(AddAdapterVersion)
export class AddAdapterVersionHandler {
  constructor(
    private readonly adapters: Adapters,
    private readonly bases: BaseFiles,
    private readonly versions: NewVersion,
    private readonly links: FileLinks,
  ) {}

  async handle({ adapterId, uploadIds }: DataOf<AddAdapterVersion>, context: MessageContext): Promise<AdapterView> {
    const actor = requireActor(context);
    const adapter = await this.adapters.changeable(adapterId, actor);
    await this.bases.require(adapter.base_digest, adapter.browser_base_digest);
    await this.versions.add({ id: adapterId, ownerId: adapter.owner_id }, uploadIds, actor);
    const { urlOf } = await this.links.maker();
    return toAdapterView(await this.adapters.visible(adapterId, actor), actor, urlOf);
  }
}
