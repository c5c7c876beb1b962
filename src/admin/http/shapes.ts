import { z } from 'zod';
import { ListEvents } from '../contracts/index.js';

/** Query strings are text: the limit is read as a number. */
export const ListEventsParams = ListEvents.schema.extend({
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
