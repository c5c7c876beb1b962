import { setTimeout as sleep } from 'node:timers/promises';
import { OnEvent, type DataOf } from '@app/messaging';
import { AnswerRequested } from '../../chat/contracts/index.js';
import { GenerationLog } from '../generation/generation-log.js';
import { Generations } from '../persistence/generations.js';

/** By then a worker with a free place has begun, and nobody need be told of a place in the queue. */
const BEGUN_WITHIN_MS = 20;

/**
 * Notes what waits for a worker, so that its reader can be told its place. Noting twice is noting once, and so is noting
 * what has begun: neither a transaction nor the inbox is needed, nor is a worker's first token to wait for one.
 */
@OnEvent(AnswerRequested, {
  queue: 'inference.queue-on-answer-requested',
  concurrency: 64,
  transaction: false,
  inbox: false,
})
export class QueueOnAnswerRequestedHandler {
  constructor(
    private readonly generations: Generations,
    private readonly log: GenerationLog,
  ) {}

  async handle({ generationId, conversationId, messageId }: DataOf<AnswerRequested>): Promise<void> {
    await sleep(BEGUN_WITHIN_MS);
    if (this.log.isWritten(generationId)) return;
    await this.generations.enqueue({ generationId, conversationId, messageId });
    this.log.look(generationId);
  }
}
