import { query } from '@app/messaging';
import { z } from 'zod';
import { AuditPage, OverviewView } from './views.js';

/** What happened, newest first. For administrators. */
export class ListEvents extends query(
  'admin.list-events.v1',
  z.object({
    cursor: z
      .string()
      .regex(/^[0-9]{1,18}$/)
      .optional()
      .describe('nextCursor of the page before'),
    limit: z.int().min(1).max(200).default(50),
    type: z
      .string()
      .regex(/^[a-z0-9.-]{1,100}$/)
      .optional()
      .describe('A type, or how it starts: `auth.` or `chat.message.sent.v1`'),
  }),
  AuditPage,
) {}

/** Version, uptime, memory, events and queues of the server. For administrators. */
export class GetOverview extends query('admin.get-overview.v1', z.object({}), OverviewView) {}
