import { command } from '@app/messaging';
import { z } from 'zod';
import { EmailView, NotificationView, Preference, PreferencesView, UnreadCount, Unsubscription } from './views.js';

/** Marks one of the actor's own notifications as read; the second time changes nothing. */
export class ReadNotification extends command(
  'notifications.read-notification.v1',
  z.object({ notificationId: z.uuid() }),
  NotificationView,
) {}

/** Marks the actor's own notifications as read, up to and with `until`, so that a newer one is not lost unseen. */
export class ReadAllNotifications extends command(
  'notifications.read-all-notifications.v1',
  z.object({ until: z.uuid().optional().describe('Id of the newest one that the person saw; all when left out') }),
  UnreadCount,
) {}

/**
 * The actor has this conversation before their eyes: its notifications are read, and those of the named answers are read
 * as soon as they come, because the end of an answer may be shown before its notification is made.
 */
export class SeeConversation extends command(
  'notifications.see-conversation.v1',
  z.object({ conversationId: z.uuid(), messageIds: z.array(z.uuid()).max(100).default([]) }),
  UnreadCount,
) {}

/** Changes the actor's preferences for these topics; the others stay. */
export class SetPreferences extends command(
  'notifications.set-preferences.v1',
  z.object({ items: z.array(Preference).min(1).max(20) }),
  PreferencesView,
) {}

/** Ends the e-mails of one topic for whoever got this token in one of them. */
export class Unsubscribe extends command(
  'notifications.unsubscribe.v1',
  z.object({ token: z.string().max(500) }),
  Unsubscription,
) {}

/** For administrators: puts an e-mail that could not be delivered back into the queue. */
export class RetryEmail extends command('notifications.retry-email.v1', z.object({ emailId: z.uuid() }), EmailView) {}
