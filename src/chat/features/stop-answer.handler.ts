import { Handles, requireActor, type DataOf, type MessageContext } from '@app/messaging';
import { StopAnswer } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';

@Handles(StopAnswer)
export class StopAnswerHandler {
  constructor(private readonly conversations: Conversations) {}

  async handle({ conversationId, messageId }: DataOf<StopAnswer>, context: MessageContext): Promise<void> {
    const conversation = (await this.conversations.find(conversationId)).requireOwner(requireActor(context).userId);
    conversation.stop(messageId);
    await this.conversations.save(conversation);
  }
}
