import { Handles, requireActor, type DataOf, type MessageContext } from '@app/messaging';
import { RenameConversation } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';

@Handles(RenameConversation)
export class RenameConversationHandler {
  constructor(private readonly conversations: Conversations) {}

  async handle(
    { conversationId, title, changeId }: DataOf<RenameConversation>,
    context: MessageContext,
  ): Promise<void> {
    const conversation = (await this.conversations.find(conversationId)).requireOwner(requireActor(context).userId);
    conversation.rename(title, changeId);
    await this.conversations.save(conversation);
  }
}
