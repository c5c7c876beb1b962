import { loadPart } from '../lib/load.js';
import { isAway } from './away.js';
import type { Change } from './store.js';
import { waitsIn } from './waiting.js';

/** Does it now; behind what waits in that conversation, and while the server is away, the change waits here. */
export async function nowOrLater(conversationId: string, change: Change, now: () => Promise<void>): Promise<void> {
  try {
    if (!waitsIn(conversationId)) return await now();
  } catch (error) {
    if (!isSecureContext || !isAway(error)) throw error;
  }
  const { leave } = await loadPart(() => import('./sender.js'));
  await leave(conversationId, [change]);
}
