import { z } from 'zod';
import { ListNotifications } from '../contracts/index.js';

/** Query strings are text: the limit is read as a number. */
export const ListNotificationsParams = ListNotifications.schema.extend({
  limit: z.coerce.number().int().min(1).max(100).default(30),
});
