import { productVersion } from '@app/config';
import { Handles, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { GetOverview } from '../contracts/index.js';
import { QueueDepths } from '../persistence/queue-depths.js';

@Handles(GetOverview)
export class GetOverviewHandler {
  constructor(
    private readonly db: Database,
    private readonly depths: QueueDepths,
  ) {}

  async handle(): Promise<ResultOf<GetOverview>> {
    const [row] = await this.db.query<Record<'total' | 'last_day' | 'unpublished', number>>(
      `SELECT (SELECT count(*) FROM platform.events)::int AS total,
              (SELECT count(*) FROM platform.events WHERE occurred_at > now() - interval '1 day')::int AS last_day,
              (SELECT count(*) FROM platform.outbox)::int AS unpublished`,
      [],
    );
    const queues = await this.depths.all();
    const { rss, heapUsed } = process.memoryUsage();
    return {
      version: productVersion,
      nodeVersion: process.versions.node,
      uptimeSeconds: Math.round(process.uptime()),
      memory: { residentBytes: rss, heapUsedBytes: heapUsed },
      events: { total: row?.total ?? 0, lastDay: row?.last_day ?? 0, unpublished: row?.unpublished ?? 0 },
      deliveries: {
        waiting: queues.reduce((sum, { waiting, running }) => sum + waiting + running, 0),
        parked: queues.reduce((sum, { parked }) => sum + parked, 0),
      },
    };
  }
}
