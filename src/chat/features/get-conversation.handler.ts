import { Handles, requireActor, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { GetConversation } from '../contracts/index.js';
import { conversationNotFound } from '../domain/errors.js';
import {
  type ConversationRow,
  messageColumns,
  type MessageRow,
  toMessage,
  toSummary,
} from '../persistence/message-rows.js';

@Handles(GetConversation)
export class GetConversationHandler {
  constructor(private readonly db: Database) {}

  async handle(
    { conversationId }: DataOf<GetConversation>,
    context: MessageContext,
  ): Promise<ResultOf<GetConversation>> {
    const [conversation] = await this.db.query<ConversationRow>(
      `SELECT id, title, created_at, updated_at FROM chat.conversations WHERE id = $1 AND owner_id = $2`,
      [conversationId, requireActor(context).userId],
    );
    if (!conversation) throw conversationNotFound(conversationId);
    const messages = await this.db.query<MessageRow>(
      `SELECT ${messageColumns} FROM chat.messages WHERE conversation_id = $1 ORDER BY position`,
      [conversationId],
    );
    return { ...toSummary(conversation), messages: messages.map(toMessage) };
  }
}
