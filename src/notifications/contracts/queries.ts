import { query, streamQuery } from '@app/messaging';
import { z } from 'zod';
import {
  EmailPage,
  EmailState,
  NotificationChange,
  NotificationPage,
  PreferencesView,
  Unsubscription,
} from './views.js';

const cursor = z.uuid().optional().describe('nextCursor of the page before');
const limit = z.int().min(1).max(100).default(30);

/** The actor's own notifications, newest first. */
export class ListNotifications extends query(
  'notifications.list-notifications.v1',
  z.object({ cursor, limit, unread: z.boolean().default(false).describe('Only those that were not read') }),
  NotificationPage,
) {}

/**
 * What happens to the actor's notifications from now on, or since the revision that was seen last. It ends by itself after
 * a while, so that whoever follows proves again who they are.
 */
export class FollowNotifications extends streamQuery(
  'notifications.follow-notifications.v1',
  z.object({
    after: z
      .string()
      .regex(/^\d{1,18}$/)
      .optional(),
  }),
  NotificationChange,
) {}

/** The topics that concern the actor, with the channels that they chose. */
export class GetPreferences extends query('notifications.get-preferences.v1', z.object({}), PreferencesView) {}

/** What the link of an e-mail would end. */
export class GetUnsubscription extends query(
  'notifications.get-unsubscription.v1',
  z.object({ token: z.string().max(500) }),
  Unsubscription,
) {}

/** For administrators: e-mails of the last weeks, newest first. */
export class ListEmails extends query(
  'notifications.list-emails.v1',
  z.object({ cursor, limit, state: EmailState.optional() }),
  EmailPage,
) {}
