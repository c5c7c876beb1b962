import { adaptersFor } from '../adapters/queries.js';
import { queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import type { ConversationSummary, ConversationView, Page } from '../api/views.js';
import { browserModelsQuery } from '../browser/browser-models.js';
import { keepCopy, listCopies } from './copies.js';

/** As many of the newest conversations are kept without having been opened here. */
const RECENT = 20;

/** Copies of the newest conversations, one after the other; those that are here as they are now are not asked for. */
export async function keepRecent(ownerId: string, signal: AbortSignal): Promise<void> {
  const { items } = await api.get<Page<ConversationSummary>>(`/api/conversations?limit=${RECENT}`, signal);
  const here = new Map((await listCopies(ownerId, '')).map(({ id, updatedAt }) => [id, updatedAt]));
  for (const { id, updatedAt } of items) {
    if (here.get(id) === updatedAt) continue;
    await idle();
    const conversation = await api.get<ConversationView>(`/api/conversations/${encodeURIComponent(id)}`, signal);
    if (!signal.aborted) await keepCopy(ownerId, conversation);
  }
}

/** Those that the composer offers for models of this browser. */
export async function keepAdapters(): Promise<void> {
  for (const { digest, lora } of await queryClient.ensureQueryData(browserModelsQuery))
    if (lora) await queryClient.prefetchQuery(adaptersFor({ digest, encoding: 'mediapipe' }));
}

/** Whatever the reader does goes first. */
const idle = () =>
  new Promise<void>((resolve) => {
    if ('requestIdleCallback' in globalThis) requestIdleCallback(() => resolve(), { timeout: 5000 });
    else setTimeout(resolve, 250);
  });
