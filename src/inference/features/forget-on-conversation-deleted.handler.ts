import { OnEvent, type DataOf } from '@app/messaging';
import { Database, EventStore } from '@app/persistence';
import { ConversationDeleted } from '../../chat/contracts/index.js';
import { GenerationLog } from '../generation/generation-log.js';
import { Generations } from '../persistence/generations.js';

@OnEvent(ConversationDeleted, { queue: 'inference.forget-on-conversation-deleted' })
export class ForgetOnConversationDeletedHandler {
  constructor(
    private readonly generations: Generations,
    private readonly log: GenerationLog,
    private readonly db: Database,
    private readonly events: EventStore,
  ) {}

  async handle({ generationIds }: DataOf<ConversationDeleted>): Promise<void> {
    await this.generations.forget(generationIds);
    // From here on no worker can store an end: what they said until now is all there is.
    await this.events.erase(
      generationIds.map((id) => `inference.generation:${id}`),
      ['text'],
    );
    this.db.afterCommit(() => generationIds.forEach((id) => this.log.requestStop(id)));
  }
}
