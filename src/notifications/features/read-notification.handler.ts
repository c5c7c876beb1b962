import { DomainError } from '@app/kernel';
import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { Database } from '@app/persistence';
import { type NotificationView, ReadNotification } from '../contracts/index.js';
import { notificationColumns, type NotificationRow, toNotification } from '../persistence/notification-rows.js';

@Handles(ReadNotification)
export class ReadNotificationHandler {
  constructor(private readonly db: Database) {}

  async handle({ notificationId }: DataOf<ReadNotification>, context: MessageContext): Promise<NotificationView> {
    const [row] = await this.db.query<NotificationRow>(
      `UPDATE notifications.notifications SET read_at = coalesce(read_at, now())
       WHERE id = $1 AND recipient_id = $2 RETURNING ${notificationColumns}`,
      [notificationId, requireActor(context).userId],
    );
    if (row) return toNotification(row);
    throw new DomainError('not-found', 'notifications.notification-not-found', 'There is no such notification.', {
      notificationId,
    });
  }
}
