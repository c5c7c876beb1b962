import { OnEvent, type DataOf } from '@app/messaging';
import { GenerationFinished } from '../../inference/contracts/index.js';
import { Conversations } from '../domain/conversations.js';

@OnEvent(GenerationFinished, { queue: 'chat.record-answer-on-generation-finished' })
export class RecordAnswerOnGenerationFinishedHandler {
  constructor(private readonly conversations: Conversations) {}

  async handle(generation: DataOf<GenerationFinished>): Promise<void> {
    const { conversationId, messageId, status, text, error, metadata } = generation;
    const conversation = await this.conversations.find(conversationId);
    conversation.finishAnswer({ messageId, status, text, error, metadata });
    await this.conversations.save(conversation);
  }
}
