import { Handles, requireActor, type DataOf, type MessageContext } from '@app/messaging';
import { DeleteConversation } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';

@Handles(DeleteConversation)
export class DeleteConversationHandler {
  constructor(private readonly conversations: Conversations) {}

  async handle({ conversationId }: DataOf<DeleteConversation>, context: MessageContext): Promise<void> {
    const conversation = (await this.conversations.find(conversationId)).requireOwner(requireActor(context).userId);
    conversation.delete();
    await this.conversations.save(conversation);
  }
}
