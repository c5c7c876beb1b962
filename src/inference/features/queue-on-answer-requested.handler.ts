import { OnEvent, type DataOf } from '@app/messaging';
import { AnswerRequested } from '../../chat/contracts/index.js';
import { Generations } from '../persistence/generations.js';

/** Notes at once what waits for a worker, so that its reader can be told its place. */
@OnEvent(AnswerRequested, { queue: 'inference.queue-on-answer-requested', concurrency: 8 })
export class QueueOnAnswerRequestedHandler {
  constructor(private readonly generations: Generations) {}

  async handle({ generationId, conversationId, messageId }: DataOf<AnswerRequested>): Promise<void> {
    await this.generations.enqueue({ generationId, conversationId, messageId });
  }
}
