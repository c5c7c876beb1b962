import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { ReadAllNotifications, type UnreadCount } from '../contracts/index.js';
import { Inboxes } from '../persistence/inboxes.js';

@Handles(ReadAllNotifications)
export class ReadAllNotificationsHandler {
  constructor(private readonly inboxes: Inboxes) {}

  async handle({ until }: DataOf<ReadAllNotifications>, context: MessageContext): Promise<UnreadCount> {
    const { userId } = requireActor(context);
    await this.inboxes.readAll(userId, until ?? null);
    return this.inboxes.unread(userId);
  }
}
