import { Handles, type ResultOf, Transport } from '@app/messaging';
import { Database } from '@app/persistence';
import { ListQueues } from '../contracts/index.js';

@Handles(ListQueues)
export class ListQueuesHandler {
  constructor(
    private readonly db: Database,
    private readonly transport: Transport,
  ) {}

  /** Those that any process announced, and all else that the transport knows of. */
  async handle(): Promise<ResultOf<ListQueues>> {
    const rows = await this.db.query<{ queue: string }>(
      'SELECT DISTINCT unnest(queues) AS queue FROM platform.instances',
      [],
    );
    return { items: await this.transport.queues(rows.map(({ queue }) => queue)) };
  }
}
