import { type DataOf, Handles, MessageBus, type MessageContext, Transport } from '@app/messaging';
import { ParkedDropped, DropParked } from '../contracts/index.js';
import { findLetter } from '../persistence/find-letter.js';
import { requireAdministrator } from '../require-administrator.js';

/** The transport may be a broker: no transaction is open meanwhile, and the audit knows before it is done. */
@Handles(DropParked, { transaction: false })
export class DropParkedHandler {
  constructor(
    private readonly transport: Transport,
    private readonly bus: MessageBus,
  ) {}

  async handle({ queue, id }: DataOf<DropParked>, context: MessageContext): Promise<void> {
    requireAdministrator(context);
    const { envelope } = await findLetter(this.transport, queue, id);
    await this.bus.publish(new ParkedDropped({ queue, id, type: envelope.type, messageId: envelope.id }));
    await this.transport.drop(queue, id);
  }
}
