import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { FollowNotifications, type NotificationChange } from '../contracts/index.js';
import { NotificationFeed } from '../live/notification-feed.js';
import { Inboxes } from '../persistence/inboxes.js';

/** As long as an access token lives by default: whoever follows has to show a valid one again. */
const LIFE_MS = 900_000;

@Handles(FollowNotifications)
export class FollowNotificationsHandler {
  constructor(
    private readonly inboxes: Inboxes,
    private readonly feed: NotificationFeed,
  ) {}

  async *handle({ after }: DataOf<FollowNotifications>, context: MessageContext): AsyncGenerator<NotificationChange> {
    const { userId } = requireActor(context);
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(LIFE_MS)]);
    // Watched before the first look, so that no change falls between the two.
    using watch = this.feed.watch(userId);
    let seen = after ?? null;
    while (!signal.aborted) {
      for (const change of await this.inboxes.changes(userId, seen)) {
        yield change;
        seen = change.revision;
      }
      await watch.next(seen, signal);
    }
  }
}
