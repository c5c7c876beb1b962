import { useSyncExternalStore } from 'react';
import { onTabMessage, tellTabs } from '../lib/tabs.js';
import { ApiClient, type SessionState } from './client.js';
import { knownAccount, rememberAccount } from '../offline/account.js';
import type { UserView } from './views.js';

/** The browser's lock, so that two tabs never send one refresh cookie twice. Absent on plain HTTP. */
const exclusive = async <T>(work: () => Promise<T>): Promise<T> => {
  if (!navigator.locks) return work();
  return await navigator.locks.request('parley.refresh', work);
};

export const api = new ApiClient(globalThis.fetch, exclusive);

rememberAccount(api.session);

export const restoreSession = (): Promise<void> => api.restore(knownAccount());

onTabMessage((message) => {
  if (message.type === 'signed-out') api.forget();
});

export async function signOut(): Promise<void> {
  await api.signOut();
  tellTabs({ type: 'signed-out' });
}

export const useSession = (): SessionState => useSyncExternalStore(api.session.subscribe, api.session.get);
export const useReachable = (): boolean => useSyncExternalStore(api.reachable.subscribe, api.reachable.get);

/** Who is signed in; only for what is shown to people who are. */
export function useUser(): UserView {
  const session = useSession();
  if (session.status !== 'signed-in') throw new Error('Nobody is signed in.');
  return session.user;
}
