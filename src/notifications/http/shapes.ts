import { z } from 'zod';
import {
  ListEmails,
  ListNotifications,
  ReadAllNotifications,
  SeeConversation,
  SetPreferences,
} from '../contracts/index.js';

/** Query strings are text: the limit is read as a number. */
const limit = z.coerce.number().int().min(1).max(100).default(30);

export const ListNotificationsParams = ListNotifications.schema.extend({
  limit,
  unread: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true'),
});
export const ListEmailsParams = ListEmails.schema.extend({ limit });
export const ReadAllBody = ReadAllNotifications.schema.meta({ id: 'ReadAllNotificationsBody' });
export const SeeConversationBody = SeeConversation.schema.meta({ id: 'SeeConversationBody' });
export const SetPreferencesBody = SetPreferences.schema.meta({ id: 'SetNotificationPreferencesBody' });
export const UnsubscribeParams = z.object({ token: z.string().max(500) });

/** The revision that was seen last. */
export const LastEventId = z
  .string()
  .regex(/^\d{1,18}$/)
  .optional()
  .catch(undefined);
