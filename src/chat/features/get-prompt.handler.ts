import { Config } from '@app/config';
import { Handles, type DataOf, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { GetPrompt } from '../contracts/index.js';
import { promptOf } from '../domain/prompt.js';
import { readPath } from '../persistence/message-rows.js';

@Handles(GetPrompt)
export class GetPromptHandler {
  constructor(
    private readonly db: Database,
    private readonly config: Config,
  ) {}

  async handle({ conversationId, messageId }: DataOf<GetPrompt>): Promise<ResultOf<GetPrompt>> {
    const messages = await readPath(this.db, conversationId, messageId);
    // Always a system message: some templates put words of their own in its place, and small models answer worse then.
    return { messages: promptOf(this.config.chat.systemPrompt, messages) };
  }
}
