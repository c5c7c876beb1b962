import { Handles, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { ListInstances } from '../contracts/index.js';

type Instance = ResultOf<ListInstances>['items'][number];

interface InstanceRow extends Omit<Instance, 'startedAt' | 'lastBeat'> {
  started_at: Date;
  last_beat: Date;
}

@Handles(ListInstances)
export class ListInstancesHandler {
  constructor(private readonly db: Database) {}

  async handle(): Promise<ResultOf<ListInstances>> {
    const rows = await this.db.query<InstanceRow>(
      `SELECT id, service, version, modules, http, host, pid, started_at, last_beat, load,
              last_beat > clock_timestamp() - interval '10 s' AS alive
       FROM platform.instances ORDER BY alive DESC, service, started_at`,
      [],
    );
    const names = [...new Set(rows.flatMap(({ modules, http }) => [...modules, ...http]))].toSorted();
    return {
      modules: names.map((name) => ({
        name,
        alive: rows.filter(({ alive, modules }) => alive && modules.includes(name)).length,
      })),
      items: rows.map(({ started_at, last_beat, ...row }) => ({
        ...row,
        startedAt: started_at.toISOString(),
        lastBeat: last_beat.toISOString(),
      })),
    };
  }
}
