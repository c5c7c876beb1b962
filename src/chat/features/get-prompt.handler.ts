import { Config } from '@app/config';
import { Handles, type DataOf, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { GetPrompt } from '../contracts/index.js';
import { messageNotFound } from '../domain/errors.js';
import { promptOf } from '../domain/prompt.js';

@Handles(GetPrompt)
export class GetPromptHandler {
  constructor(
    private readonly db: Database,
    private readonly config: Config,
  ) {}

  async handle({ conversationId, messageId }: DataOf<GetPrompt>): Promise<ResultOf<GetPrompt>> {
    const messages = await this.db.query<{ role: 'user' | 'assistant'; content: string }>(
      `WITH RECURSIVE path AS (
         SELECT p.id, p.parent_id, p.role, p.text, 1 AS depth
         FROM chat.messages a JOIN chat.messages p ON p.id = a.parent_id
         WHERE a.id = $1 AND a.conversation_id = $2
         UNION ALL
         SELECT m.id, m.parent_id, m.role, m.text, path.depth + 1
         FROM path JOIN chat.messages m ON m.id = path.parent_id
       )
       SELECT role, text AS content FROM path ORDER BY depth DESC`,
      [messageId, conversationId],
    );
    if (messages.length === 0) throw messageNotFound(messageId);
    // Always a system message: some templates put words of their own in its place, and small models answer worse then.
    return { messages: promptOf(this.config.chat.systemPrompt, messages) };
  }
}
