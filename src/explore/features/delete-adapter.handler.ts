import { type DataOf, Handles, MessageBus, type MessageContext, requireActor } from '@app/messaging';
import { AdapterRemoved, DeleteAdapter } from '../contracts/index.js';
import { Adapters } from '../persistence/adapters.js';

/** The files go once the removal is committed, see `delete-files-on-adapter-ended`. */
@Handles(DeleteAdapter)
export class DeleteAdapterHandler {
  constructor(
    private readonly adapters: Adapters,
    private readonly bus: MessageBus,
  ) {}

  async handle({ adapterId }: DataOf<DeleteAdapter>, context: MessageContext): Promise<void> {
    await this.adapters.changeable(adapterId, requireActor(context));
    const removed = await this.adapters.remove(adapterId);
    await this.bus.publish(new AdapterRemoved({ adapterId, ...removed }), { stream: `explore.adapter:${adapterId}` });
  }
}
