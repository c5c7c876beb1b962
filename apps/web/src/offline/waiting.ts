import { useSyncExternalStore } from 'react';
import { Store } from '../api/store.js';
import type { Queued } from './store.js';

/** What this person did here and the server has not confirmed, as this tab knows it. */
export const waiting = new Store<readonly Queued[]>([]);

/** Something of this conversation waits: what comes now goes behind it, although the server may be back. */
export const waitsIn = (conversationId: string): boolean =>
  waiting.get().some((queued) => queued.conversationId === conversationId);

export const useWaiting = (): readonly Queued[] => useSyncExternalStore(waiting.subscribe, waiting.get);
