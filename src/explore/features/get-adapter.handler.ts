import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { FileLinks } from '../adapters/file-links.js';
import { type AdapterView, GetAdapter } from '../contracts/index.js';
import { toAdapterView } from '../persistence/adapter-rows.js';
import { Adapters } from '../persistence/adapters.js';

@Handles(GetAdapter)
export class GetAdapterHandler {
  constructor(
    private readonly adapters: Adapters,
    private readonly links: FileLinks,
  ) {}

  async handle({ adapterId }: DataOf<GetAdapter>, context: MessageContext): Promise<AdapterView> {
    const actor = requireActor(context);
    const { urlOf } = await this.links.maker();
    return toAdapterView(await this.adapters.visible(adapterId, actor), actor, urlOf);
  }
}
