import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { type NotificationView, ReadNotification } from '../contracts/index.js';
import { notificationNotFound } from '../domain/errors.js';
import { Inboxes } from '../persistence/inboxes.js';

@Handles(ReadNotification)
export class ReadNotificationHandler {
  constructor(private readonly inboxes: Inboxes) {}

  async handle({ notificationId }: DataOf<ReadNotification>, context: MessageContext): Promise<NotificationView> {
    const read = await this.inboxes.read(requireActor(context).userId, notificationId);
    if (!read) throw notificationNotFound(notificationId);
    return read;
  }
}
