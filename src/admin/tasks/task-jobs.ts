import { Injectable } from '@nestjs/common';
import { verifyDatabase } from '@app/audit';
import { DomainError } from '@app/kernel';
import { Transport } from '@app/messaging';
import { Database } from '@app/persistence';
import { AuditFollower } from '../audit/audit-follower.js';
import type { TaskKind, TaskParams } from '../contracts/index.js';
import { UsageCounters } from '../usage/usage-counters.js';
import { readModelNames, ReadModels } from './read-models.js';
import type { TaskProgress } from './tasks.js';

/** A job tells how far it is, and stops when the signal aborts; it may be begun anew at any time. */
type Job = (
  params: TaskParams,
  report: (progress: Partial<TaskProgress>) => void,
  signal: AbortSignal,
) => Promise<Record<string, unknown>>;

const PAGE = 100;

/** What each kind of task does. */
@Injectable()
export class TaskJobs {
  constructor(
    private readonly db: Database,
    private readonly transport: Transport,
    private readonly readModels: ReadModels,
    private readonly usage: UsageCounters,
    private readonly follower: AuditFollower,
  ) {}

  readonly of: Record<TaskKind, Job> = {
    'verify-audit': async (_params, report, signal) => {
      await this.follower.catchUp();
      const [row] = await this.db.query<{ total: number }>('SELECT count(*)::int AS total FROM platform.seals', []);
      report({ total: row?.total ?? 0 });
      const onProgress = (done: number, position: string) => report({ done, note: `at position ${position}` });
      const verdict = await verifyDatabase(this.db, { onProgress, signal });
      if (verdict.ok) return { events: verdict.events, head: verdict.head };
      const { position, problem } = verdict;
      throw new DomainError('conflict', 'admin.audit-broken', problem, { position });
    },

    'rebuild-projections': async ({ projections = readModelNames }, report, signal) => {
      const total = projections.length;
      let events = 0;
      for (const [index, name] of projections.entries()) {
        report({ done: index, total, note: name });
        events += await this.readModels.rebuild(name, (note) => report({ note: `${name}: ${note}` }), signal);
      }
      report({ done: total });
      return { projections, events };
    },

    'rebuild-usage': async (_params, report, signal) => {
      await this.follower.catchUp();
      const events = await this.usage.rebuild((done) => {
        signal.throwIfAborted();
        report({ done, note: 'counting events' });
      });
      return { events };
    },

    'replay-parked': async ({ queue }, report, signal) => {
      if (!queue) throw new DomainError('invalid', 'admin.queue-needed', 'Say which queue to replay.');
      // Noted first: what fails again is parked again, and is not to be replayed a second time.
      const ids = await this.parkedIds(queue);
      let replayed = 0;
      report({ total: ids.length });
      for (const id of ids) {
        signal.throwIfAborted();
        if (await this.replay(queue, id)) replayed += 1;
        report({ done: ids.indexOf(id) + 1, note: `${replayed} replayed` });
      }
      return { queue, replayed };
    },
  };

  private async parkedIds(queue: string): Promise<string[]> {
    const ids: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await this.transport.deadLetters(queue, { after, limit: PAGE });
      ids.push(...page.map(({ id }) => id));
      if (page.length < PAGE) return ids;
      after = page.at(-1)?.id;
    }
  }

  /** False when somebody else was quicker. */
  private async replay(queue: string, id: string): Promise<boolean> {
    try {
      await this.transport.replay(queue, id);
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'not-found') return false;
      throw error;
    }
  }
}
