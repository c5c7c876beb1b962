import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { SeeConversation, type UnreadCount } from '../contracts/index.js';
import { Inboxes } from '../persistence/inboxes.js';

@Handles(SeeConversation)
export class SeeConversationHandler {
  constructor(private readonly inboxes: Inboxes) {}

  async handle({ conversationId, messageIds }: DataOf<SeeConversation>, context: MessageContext): Promise<UnreadCount> {
    const { userId } = requireActor(context);
    await this.inboxes.readConversation(userId, conversationId, messageIds);
    return this.inboxes.unread(userId);
  }
}
