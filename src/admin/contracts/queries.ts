import { query, streamQuery } from '@app/messaging';
import { z } from 'zod';
import { AuditFilter, QueueName, UsageSource } from './shapes.js';
import {
  AuditHead,
  AuditPage,
  InstanceList,
  OverviewView,
  ParkedPage,
  QueueList,
  TaskList,
  TaskView,
  UsageView,
} from './views.js';

/** What happened, newest first. For administrators. */
export class ListEvents extends query(
  'admin.list-events.v1',
  AuditFilter.extend({
    cursor: z
      .string()
      .regex(/^[0-9]{1,18}$/)
      .optional()
      .describe('nextCursor of the page before'),
    limit: z.int().min(1).max(200).default(50),
  }),
  AuditPage,
) {}

/**
 * The audit as a file, oldest first, in pieces of text that end with a line. `ndjson` without a filter can be verified
 * offline; `csv` is for spreadsheets. For administrators.
 */
export class ExportEvents extends streamQuery(
  'admin.export-events.v1',
  z.object({ format: z.enum(['ndjson', 'csv']), filter: AuditFilter.default({}) }),
  z.string(),
) {}

/** How far the audit is sealed. For administrators. */
export class GetAuditHead extends query('admin.get-audit-head.v1', z.object({}), AuditHead) {}

/** Version, uptime, memory, events and queues of the server. For administrators. */
export class GetOverview extends query('admin.get-overview.v1', z.object({}), OverviewView) {}

/** Processes that announced themselves within a day, and which modules live. For administrators. */
export class ListInstances extends query('admin.list-instances.v1', z.object({}), InstanceList) {}

/** Every queue with what it holds. For administrators. */
export class ListQueues extends query('admin.list-queues.v1', z.object({}), QueueList) {}

/** Parked messages of a queue, the oldest first. For administrators. */
export class ListParked extends query(
  'admin.list-parked.v1',
  z.object({
    queue: QueueName,
    cursor: z.string().max(200).optional().describe('nextCursor of the page before'),
    limit: z.int().min(1).max(100).default(20),
  }),
  ParkedPage,
) {}

/** Answers, tokens, latency and what else happened, counted by day (UTC). For administrators. */
export class GetUsage extends query(
  'admin.get-usage.v1',
  z.object({
    days: z.int().min(1).max(366).default(30).describe('Today and the days before it'),
    source: UsageSource.optional().describe('Those alone; both when left out'),
  }),
  UsageView,
) {}

/** The newest first. For administrators. */
export class ListTasks extends query(
  'admin.list-tasks.v1',
  z.object({ limit: z.int().min(1).max(100).default(30) }),
  TaskList,
) {}

export class GetTask extends query('admin.get-task.v1', z.object({ taskId: z.uuid() }), TaskView) {}

/** The task now and whenever it changed, up to its end. For administrators. */
export class StreamTask extends streamQuery('admin.stream-task.v1', z.object({ taskId: z.uuid() }), TaskView) {}
