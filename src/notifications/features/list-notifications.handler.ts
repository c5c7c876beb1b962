import { type DataOf, Handles, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { Database } from '@app/persistence';
import { ListNotifications } from '../contracts/index.js';
import { notificationColumns, type NotificationRow, toNotification } from '../persistence/notification-rows.js';

@Handles(ListNotifications)
export class ListNotificationsHandler {
  constructor(private readonly db: Database) {}

  async handle(
    { cursor, limit }: DataOf<ListNotifications>,
    context: MessageContext,
  ): Promise<ResultOf<ListNotifications>> {
    const { userId } = requireActor(context);
    const rows = await this.db.query<NotificationRow>(
      `SELECT ${notificationColumns} FROM notifications.notifications
       WHERE recipient_id = $1 AND ($2::uuid IS NULL OR id < $2::uuid) ORDER BY id DESC LIMIT $3`,
      [userId, cursor ?? null, limit + 1],
    );
    const [unread] = await this.db.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM notifications.notifications WHERE recipient_id = $1 AND read_at IS NULL`,
      [userId],
    );
    const page = rows.slice(0, limit);
    return {
      items: page.map(toNotification),
      nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
      unreadCount: unread?.count ?? 0,
    };
  }
}
