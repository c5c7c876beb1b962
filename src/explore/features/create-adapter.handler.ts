import { Config } from '@app/config';
import { newId } from '@app/kernel';
import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { BaseFiles } from '../adapters/base-files.js';
import { FileLinks } from '../adapters/file-links.js';
import { NewVersion } from '../adapters/new-version.js';
import { type AdapterView, CreateAdapter } from '../contracts/index.js';
import { tooManyAdapters } from '../domain/adapter-errors.js';
import { toAdapterView } from '../persistence/adapter-rows.js';
import { Adapters } from '../persistence/adapters.js';

@Handles(CreateAdapter)
export class CreateAdapterHandler {
  constructor(
    private readonly adapters: Adapters,
    private readonly bases: BaseFiles,
    private readonly versions: NewVersion,
    private readonly links: FileLinks,
    private readonly config: Config,
  ) {}

  async handle({ uploadIds, ...wanted }: DataOf<CreateAdapter>, context: MessageContext): Promise<AdapterView> {
    const actor = requireActor(context);
    const { adaptersPerUser } = this.config.explore;
    if ((await this.adapters.countOf(actor.userId)) >= adaptersPerUser) throw tooManyAdapters(adaptersPerUser);
    await this.bases.require(wanted.baseDigest, wanted.browserBaseDigest);
    const adapter = { ...wanted, id: newId(), ownerId: actor.userId, group: groupOf(wanted, actor.role) };
    await this.adapters.add(adapter, new Date());
    await this.versions.add(adapter, uploadIds, actor);
    const { urlOf } = await this.links.maker();
    return toAdapterView(await this.adapters.visible(adapter.id, actor), actor, urlOf);
  }
}

/** Without a name the group is the owner's own role. */
export const groupOf = (
  { visibility, group }: { visibility: string; group: 'admin' | 'user' | null },
  role: 'admin' | 'user',
): 'admin' | 'user' | null => (visibility === 'group' ? (group ?? role) : null);
