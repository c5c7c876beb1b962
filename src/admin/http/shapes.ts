import { z } from 'zod';
import { AuditFilter, GetUsage, ListEvents, ListParked, ListTasks, StartTask } from '../contracts/index.js';

/** Query strings are text: numbers are read as numbers. */
const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

export const ListEventsParams = ListEvents.schema.extend({ limit: count(1, 200).default(50) });

export const ExportParams = AuditFilter.extend({ format: z.enum(['ndjson', 'csv']).default('ndjson') });

export const ListParkedParams = ListParked.schema.omit({ queue: true }).extend({ limit: count(1, 100).default(20) });

export const UsageParams = GetUsage.schema.extend({ days: count(1, 366).default(30) });

export const ListTasksParams = ListTasks.schema.extend({ limit: count(1, 100).default(30) });

export const StartTaskBody = StartTask.schema.meta({ id: 'StartTaskBody' });
