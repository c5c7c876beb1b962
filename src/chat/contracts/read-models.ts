import { streamQuery } from '@app/messaging';
import { z } from 'zod';

/** Read models of this module, by name. A spec compares them with the projections that it has. */
export const chatReadModels = ['chat.conversations'] as const;

/**
 * Makes a read model anew from the events: readers see the old one until the new one is whole, writers wait. One at a time:
 * a second one waits. The items tell how far it is; leaving the stream takes everything back. For admin's task alone.
 */
export class RebuildReadModel extends streamQuery(
  'chat.rebuild-read-model.v1',
  z.object({ name: z.enum(chatReadModels) }),
  z.object({ events: z.number().describe('Followed so far') }),
) {}
