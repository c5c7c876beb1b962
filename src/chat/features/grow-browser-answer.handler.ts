import { Handles, requireActor, type DataOf, type MessageContext } from '@app/messaging';
import { GrowBrowserAnswer } from '../contracts/index.js';
import { Conversations } from '../domain/conversations.js';

@Handles(GrowBrowserAnswer)
export class GrowBrowserAnswerHandler {
  constructor(private readonly conversations: Conversations) {}

  async handle(
    { conversationId, messageId, at, text }: DataOf<GrowBrowserAnswer>,
    context: MessageContext,
  ): Promise<void> {
    const conversation = (await this.conversations.find(conversationId)).requireOwner(requireActor(context).userId);
    conversation.growBrowserAnswer(messageId, at, text);
    await this.conversations.save(conversation);
  }
}
