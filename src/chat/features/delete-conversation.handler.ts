import { Handles, requireActor, type DataOf, type MessageContext } from '@app/messaging';
import { Database } from '@app/persistence';
import { DeleteConversation } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';
import { recovered } from '../domain/recovery.js';
import { readRecoverable } from '../persistence/message-rows.js';

@Handles(DeleteConversation)
export class DeleteConversationHandler {
  constructor(
    private readonly conversations: Conversations,
    private readonly db: Database,
  ) {}

  async handle({ conversationId, known }: DataOf<DeleteConversation>, context: MessageContext): Promise<void> {
    const { userId } = requireActor(context);
    const conversation = (await this.conversations.find(conversationId)).requireOwner(userId);
    const unknown = known ? conversation.besides(known) : [];
    const messages = unknown.length > 0 ? await readRecoverable(this.db, unknown) : [];
    conversation.delete();
    if (messages.length === 0) {
      await this.conversations.save(conversation);
      return this.conversations.erase(conversationId);
    }
    const fresh = await recovered(this.conversations, conversation, userId);
    for (const message of messages) fresh.recover(message);
    await this.conversations.save(fresh);
    await this.conversations.erase(conversationId);
  }
}
