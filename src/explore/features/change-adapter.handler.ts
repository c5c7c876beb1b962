import { type DataOf, Handles, MessageBus, type MessageContext, requireActor } from '@app/messaging';
import { FileLinks } from '../adapters/file-links.js';
import { AdapterChanged, type AdapterView, ChangeAdapter } from '../contracts/index.js';
import { toAdapterView } from '../persistence/adapter-rows.js';
import { Adapters } from '../persistence/adapters.js';
import { groupOf } from './create-adapter.handler.js';

@Handles(ChangeAdapter)
export class ChangeAdapterHandler {
  constructor(
    private readonly adapters: Adapters,
    private readonly links: FileLinks,
    private readonly bus: MessageBus,
  ) {}

  async handle({ adapterId, ...wanted }: DataOf<ChangeAdapter>, context: MessageContext): Promise<AdapterView> {
    const actor = requireActor(context);
    const before = await this.adapters.changeable(adapterId, actor);
    const { name = before.name, description = before.description, license = before.license } = wanted;
    const { visibility = before.visibility } = wanted;
    const group = groupOf({ visibility, group: wanted.group ?? before.visible_to }, actor.role);
    await this.adapters.change(adapterId, { name, description, license, visibility, group });
    await this.bus.publish(new AdapterChanged({ adapterId, visibility, group }), {
      stream: `explore.adapter:${adapterId}`,
    });
    const { urlOf } = await this.links.maker();
    // Seen as before: an administrator may have made it private to its owner.
    const after = { ...before, name, description, license, visibility, visible_to: group, updated_at: new Date() };
    return toAdapterView(after, actor, urlOf);
  }
}
