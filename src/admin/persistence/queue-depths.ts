import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { type QueueDepth, Transport } from '@app/messaging';
import { Database } from '@app/persistence';

/** What each queue holds, over all processes. */
@Injectable()
export class QueueDepths {
  constructor(
    private readonly db: Database,
    private readonly transport: Transport,
  ) {}

  /**
   * Those that any process announced, and all else that the transport knows of. What runs elsewhere is as old as the last
   * beat of that process (2 s) where only that process knows it.
   */
  async all(): Promise<QueueDepth[]> {
    const announced = await this.db.query<{ queue: string }>(
      'SELECT DISTINCT unnest(queues) AS queue FROM platform.instances',
      [],
    );
    const elsewhere = await this.runningElsewhere();
    const depths = await this.transport.queues(announced.map(({ queue }) => queue));
    return depths.map((depth) => ({ ...depth, running: depth.running + (elsewhere.get(depth.queue) ?? 0) }));
  }

  /** This process was asked itself. */
  private async runningElsewhere(): Promise<Map<string, number>> {
    const rows = await this.db.query<{ queue: string; running: number }>(
      `SELECT delivery.key AS queue, sum(delivery.value::int)::int AS running
       FROM platform.instances AS instance, jsonb_each_text(instance.load->'runningDeliveries') AS delivery
       WHERE instance.last_beat > clock_timestamp() - interval '10 s' AND NOT (instance.host = $1 AND instance.pid = $2)
       GROUP BY delivery.key`,
      [hostname(), process.pid],
    );
    return new Map(rows.map(({ queue, running }) => [queue, running]));
  }
}
