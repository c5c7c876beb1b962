import { Handles, requireActor, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { GetAnswer, type MessageView } from '../contracts/index.js';
import { messageNotFound, notAnAnswer } from '../domain/errors.js';

@Handles(GetAnswer)
export class GetAnswerHandler {
  constructor(private readonly db: Database) {}

  async handle(
    { conversationId, messageId }: DataOf<GetAnswer>,
    context: MessageContext,
  ): Promise<ResultOf<GetAnswer>> {
    const [row] = await this.db.query<{ generation_id: string | null; status: MessageView['status'] }>(
      `SELECT m.generation_id, m.status
       FROM chat.messages m JOIN chat.conversations c ON c.id = m.conversation_id
       WHERE m.id = $1 AND c.id = $2 AND c.owner_id = $3`,
      [messageId, conversationId, requireActor(context).userId],
    );
    if (!row) throw messageNotFound(messageId);
    if (!row.generation_id) throw notAnAnswer(messageId);
    return { generationId: row.generation_id, status: row.status };
  }
}
