import { Module } from '@nestjs/common';
import { AuditFollower } from './audit/audit-follower.js';
import { CancelTaskHandler } from './features/cancel-task.handler.js';
import { DropParkedHandler } from './features/drop-parked.handler.js';
import { ExportEventsHandler } from './features/export-events.handler.js';
import { GetAuditHeadHandler } from './features/get-audit-head.handler.js';
import { GetOverviewHandler } from './features/get-overview.handler.js';
import { GetTaskHandler } from './features/get-task.handler.js';
import { GetUsageHandler } from './features/get-usage.handler.js';
import { ListEventsHandler } from './features/list-events.handler.js';
import { ListInstancesHandler } from './features/list-instances.handler.js';
import { ListParkedHandler } from './features/list-parked.handler.js';
import { ListQueuesHandler } from './features/list-queues.handler.js';
import { ListTasksHandler } from './features/list-tasks.handler.js';
import { ReplayParkedHandler } from './features/replay-parked.handler.js';
import { RunOnTaskRequestedHandler } from './features/run-on-task-requested.handler.js';
import { StartTaskHandler } from './features/start-task.handler.js';
import { StreamTaskHandler } from './features/stream-task.handler.js';
import { QueueDepths } from './persistence/queue-depths.js';
import { ReadModels } from './tasks/read-models.js';
import { RunningTasks } from './tasks/running-tasks.js';
import { TaskJobs } from './tasks/task-jobs.js';
import { Tasks } from './tasks/tasks.js';
import { UsageCounters } from './usage/usage-counters.js';

@Module({
  providers: [
    AuditFollower,
    UsageCounters,
    Tasks,
    TaskJobs,
    ReadModels,
    RunningTasks,
    QueueDepths,
    ListEventsHandler,
    ExportEventsHandler,
    GetAuditHeadHandler,
    GetOverviewHandler,
    ListInstancesHandler,
    ListQueuesHandler,
    ListParkedHandler,
    ReplayParkedHandler,
    DropParkedHandler,
    GetUsageHandler,
    StartTaskHandler,
    CancelTaskHandler,
    RunOnTaskRequestedHandler,
    ListTasksHandler,
    GetTaskHandler,
    StreamTaskHandler,
  ],
})
export class AdminModule {}
