import { command } from '@app/messaging';
import { z } from 'zod';
import { NotificationView } from './views.js';

/** Marks one of the actor's own notifications as read; the second time changes nothing. */
export class ReadNotification extends command(
  'notifications.read-notification.v1',
  z.object({ notificationId: z.uuid() }),
  NotificationView,
) {}
