import { query } from '@app/messaging';
import { z } from 'zod';
import { NotificationPage } from './views.js';

/** The actor's own notifications, newest first. */
export class ListNotifications extends query(
  'notifications.list-notifications.v1',
  z.object({
    cursor: z.uuid().optional().describe('nextCursor of the page before'),
    limit: z.int().min(1).max(100).default(30),
  }),
  NotificationPage,
) {}
