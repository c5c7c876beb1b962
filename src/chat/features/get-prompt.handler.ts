import { Config } from '@app/config';
import { Handles, type DataOf, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { GetPrompt } from '../contracts/index.js';
import { messageNotFound } from '../domain/errors.js';

@Handles(GetPrompt)
export class GetPromptHandler {
  constructor(
    private readonly db: Database,
    private readonly config: Config,
  ) {}

  async handle({ conversationId, messageId }: DataOf<GetPrompt>): Promise<ResultOf<GetPrompt>> {
    // Answers that failed before they said anything are left out: a template would not know what to make of them.
    const messages = await this.db.query<{ role: 'user' | 'assistant'; content: string }>(
      `WITH RECURSIVE path AS (
         SELECT p.id, p.parent_id, p.role, p.text, 1 AS depth
         FROM chat.messages a JOIN chat.messages p ON p.id = a.parent_id
         WHERE a.id = $1 AND a.conversation_id = $2
         UNION ALL
         SELECT m.id, m.parent_id, m.role, m.text, path.depth + 1
         FROM path JOIN chat.messages m ON m.id = path.parent_id
       )
       SELECT role, text AS content FROM path WHERE text <> '' ORDER BY depth DESC`,
      [messageId, conversationId],
    );
    if (messages.length === 0) throw messageNotFound(messageId);
    // Some templates put words of their own where no system message is; small models answer worse with those.
    return { messages: [{ role: 'system', content: this.config.chat.systemPrompt }, ...messages] };
  }
}
