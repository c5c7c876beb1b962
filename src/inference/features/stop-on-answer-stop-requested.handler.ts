import { MessageBus, OnEvent, type DataOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { AnswerStopRequested } from '../../chat/contracts/index.js';
import { GenerationFinished } from '../contracts/index.js';
import { GenerationLog } from '../generation/generation-log.js';
import { Generations } from '../persistence/generations.js';

/** A waiting answer ends here; a running one is ended by its worker, which sees the request at its next commit. */
@OnEvent(AnswerStopRequested, { queue: 'inference.stop-on-answer-stop-requested', concurrency: 8 })
export class StopOnAnswerStopRequestedHandler {
  constructor(
    private readonly generations: Generations,
    private readonly log: GenerationLog,
    private readonly bus: MessageBus,
    private readonly db: Database,
  ) {}

  async handle({ generationId, conversationId, messageId }: DataOf<AnswerStopRequested>): Promise<void> {
    const key = { generationId, conversationId, messageId };
    if ((await this.generations.requestStop(key)) === 'queued') {
      const end = { status: 'stopped', error: null, metadata: null, firstTokenAt: null, lastSequence: 0 } as const;
      if (await this.generations.finish(generationId, null, end)) {
        const { status, error, metadata } = end;
        const event = new GenerationFinished({ ...key, status, error, metadata, text: '' });
        await this.bus.publish(event, { stream: `inference.generation:${generationId}` });
      }
    }
    this.db.afterCommit(() => this.log.requestStop(generationId));
  }
}
