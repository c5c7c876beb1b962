import { Config } from '@app/config';
import { Handles, requireActor, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { StartBrowserAnswer } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';
import { promptOf } from '../domain/prompt.js';
import { readMessages, readPath } from '../persistence/message-rows.js';

@Handles(StartBrowserAnswer)
export class StartBrowserAnswerHandler {
  constructor(
    private readonly conversations: Conversations,
    private readonly db: Database,
    private readonly config: Config,
  ) {}

  async handle(
    { conversationId, messageId, message, parentId, model }: DataOf<StartBrowserAnswer>,
    context: MessageContext,
  ): Promise<ResultOf<StartBrowserAnswer>> {
    const conversation = (await this.conversations.find(conversationId)).requireOwner(requireActor(context).userId);
    // Told before (the reply was lost, or a queue was sent twice): the first time counts.
    if (!conversation.has(messageId)) {
      const { maxMessageChars: maxCharacters } = this.config.chat;
      conversation.startBrowserAnswer({ id: messageId, parentId, model }, message && { ...message, maxCharacters });
      await this.conversations.save(conversation);
    }
    const [question, answer] = await readMessages(this.db, [parentId, messageId]);
    const path = await readPath(this.db, conversationId, messageId);
    return { message: question!, answer: answer!, prompt: promptOf(this.config.chat.systemPrompt, path) };
  }
}
