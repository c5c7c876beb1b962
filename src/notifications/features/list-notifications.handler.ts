import { type DataOf, Handles, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { ListNotifications } from '../contracts/index.js';
import { Inboxes } from '../persistence/inboxes.js';

@Handles(ListNotifications)
export class ListNotificationsHandler {
  constructor(private readonly inboxes: Inboxes) {}

  handle(page: DataOf<ListNotifications>, context: MessageContext): Promise<ResultOf<ListNotifications>> {
    return this.inboxes.list(requireActor(context).userId, page);
  }
}
