import { Handles, type ResultOf } from '@app/messaging';
import { ListQueues } from '../contracts/index.js';
import { QueueDepths } from '../persistence/queue-depths.js';

@Handles(ListQueues)
export class ListQueuesHandler {
  constructor(private readonly depths: QueueDepths) {}

  async handle(): Promise<ResultOf<ListQueues>> {
    return { items: await this.depths.all() };
  }
}
