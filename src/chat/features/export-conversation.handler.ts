import { Handles, requireActor, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { ExportConversation } from '../contracts/index.js';
import { readConversation } from '../persistence/message-rows.js';

@Handles(ExportConversation)
export class ExportConversationHandler {
  constructor(private readonly db: Database) {}

  async handle(
    { conversationId }: DataOf<ExportConversation>,
    context: MessageContext,
  ): Promise<ResultOf<ExportConversation>> {
    const { messages, ...conversation } = await readConversation(this.db, conversationId, requireActor(context).userId);
    const exportedAt = new Date().toISOString();
    return { format: 'parley.conversation', version: 1, exportedAt, conversation, messages };
  }
}
