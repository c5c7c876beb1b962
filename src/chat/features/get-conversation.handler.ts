import { Handles, requireActor, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { GetConversation } from '../contracts/index.js';
import { readConversation } from '../persistence/message-rows.js';

@Handles(GetConversation)
export class GetConversationHandler {
  constructor(private readonly db: Database) {}

  async handle(
    { conversationId }: DataOf<GetConversation>,
    context: MessageContext,
  ): Promise<ResultOf<GetConversation>> {
    return readConversation(this.db, conversationId, requireActor(context).userId);
  }
}
