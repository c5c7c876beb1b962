import { type DataOf, Handles, MessageBus, type MessageContext, Transport } from '@app/messaging';
import { ParkedReplayed, ReplayParked } from '../contracts/index.js';
import { findLetter } from '../persistence/find-letter.js';
import { requireAdministrator } from '../require-administrator.js';

/** The transport may be a broker: no transaction is open meanwhile, and the audit knows before it is done. */
@Handles(ReplayParked, { transaction: false })
export class ReplayParkedHandler {
  constructor(
    private readonly transport: Transport,
    private readonly bus: MessageBus,
  ) {}

  async handle({ queue, id }: DataOf<ReplayParked>, context: MessageContext): Promise<void> {
    requireAdministrator(context);
    const { envelope } = await findLetter(this.transport, queue, id);
    await this.bus.publish(new ParkedReplayed({ queue, id, type: envelope.type, messageId: envelope.id }));
    await this.transport.replay(queue, id);
  }
}
