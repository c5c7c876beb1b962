import { Handles, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { ListInstances } from '../contracts/index.js';

type Instance = ResultOf<ListInstances>['items'][number];

interface InstanceRow extends Omit<Instance, 'startedAt' | 'lastBeat'> {
  started_at: Date;
  last_beat: Date;
  at: Date;
}

@Handles(ListInstances)
export class ListInstancesHandler {
  constructor(private readonly db: Database) {}

  async handle(): Promise<ResultOf<ListInstances>> {
    const rows = await this.db.query<InstanceRow>(
      `SELECT id, service, version, modules, http, host, pid, started_at, last_beat, load,
              last_beat > statement_timestamp() - interval '10 s' AS alive, statement_timestamp() AS at
       FROM platform.instances ORDER BY alive DESC, service, started_at`,
      [],
    );
    const names = [...new Set(rows.flatMap(({ modules, http }) => [...modules, ...http]))].toSorted();
    return {
      at: (rows[0]?.at ?? new Date()).toISOString(),
      modules: names.map((name) => ({
        name,
        alive: rows.filter(({ alive, modules }) => alive && modules.includes(name)).length,
      })),
      items: rows.map(({ started_at, last_beat, at: _, load, ...row }) => ({
        ...row,
        load: view(load),
        startedAt: started_at.toISOString(),
        lastBeat: last_beat.toISOString(),
      })),
    };
  }
}

/** The row has more, for `QueueDepths`. */
const view = ({ eventLoopLagMs, residentBytes, cpuShare, runningRequests }: Instance['load']): Instance['load'] => ({
  ...{ eventLoopLagMs, residentBytes, cpuShare, runningRequests },
});
