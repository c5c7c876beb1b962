import { event } from '@app/messaging';
import { z } from 'zod';
import { AuditFilter, TaskKind, TaskParams } from './shapes.js';

const letter = { queue: z.string(), id: z.string(), type: z.string(), messageId: z.string() };

/** An administrator put a parked message back into its queue. Stored before it is done. */
export class ParkedReplayed extends event('admin.parked.replayed.v1', z.object(letter)) {}

/** An administrator gave a parked message up. Stored before it is done. */
export class ParkedDropped extends event('admin.parked.dropped.v1', z.object(letter)) {}

/** An administrator took a copy of the audit. */
export class AuditExported extends event(
  'admin.audit.exported.v1',
  z.object({ format: z.enum(['ndjson', 'csv']), filter: AuditFilter }),
) {}

export class TaskRequested extends event(
  'admin.task.requested.v1',
  z.object({ taskId: z.uuid(), kind: TaskKind, params: TaskParams }),
) {}

export class TaskCancelRequested extends event('admin.task.cancel-requested.v1', z.object({ taskId: z.uuid() })) {}

/** It came to its end: done, failed or cancelled. */
export class TaskFinished extends event(
  'admin.task.finished.v1',
  z.object({ taskId: z.uuid(), kind: TaskKind, status: z.enum(['done', 'failed', 'cancelled']) }),
) {}
