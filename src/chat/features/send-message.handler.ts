import { Config } from '@app/config';
import { newId } from '@app/kernel';
import { Handles, requireActor, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { SendMessage } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';
import { readMessages } from '../persistence/message-rows.js';

@Handles(SendMessage)
export class SendMessageHandler {
  constructor(
    private readonly conversations: Conversations,
    private readonly db: Database,
    private readonly config: Config,
  ) {}

  async handle(
    { conversationId, id = newId(), text, parentId, model, sampler = {} }: DataOf<SendMessage>,
    context: MessageContext,
  ): Promise<ResultOf<SendMessage>> {
    const conversation = (await this.conversations.find(conversationId)).requireOwner(requireActor(context).userId);
    // Sent before (the reply was lost, or the client tried again): the first time counts.
    let answerId = conversation.answerTo(id);
    if (!answerId) {
      answerId = newId();
      const { maxMessageChars: maxCharacters } = this.config.chat;
      conversation.send(
        { id, text, parentId, maxCharacters },
        { answerId, generationId: newId(), model: model ?? null, sampler },
      );
      await this.conversations.save(conversation);
    }
    const [message, answer] = await readMessages(this.db, [id, answerId]);
    return { message: message!, answer: answer! };
  }
}
