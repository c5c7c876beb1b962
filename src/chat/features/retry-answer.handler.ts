import { newId } from '@app/kernel';
import { Handles, requireActor, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { RetryAnswer } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';
import { readMessages } from '../persistence/message-rows.js';

@Handles(RetryAnswer)
export class RetryAnswerHandler {
  constructor(
    private readonly conversations: Conversations,
    private readonly db: Database,
  ) {}

  async handle(
    { conversationId, messageId, model, adapters, sampler = {} }: DataOf<RetryAnswer>,
    context: MessageContext,
  ): Promise<ResultOf<RetryAnswer>> {
    const conversation = (await this.conversations.find(conversationId)).requireOwner(requireActor(context).userId);
    const answerId = newId();
    conversation.retry(messageId, { answerId, generationId: newId(), model: model ?? null, adapters, sampler });
    await this.conversations.save(conversation);
    return (await readMessages(this.db, [answerId]))[0]!;
  }
}
