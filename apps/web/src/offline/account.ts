import type { Store } from '../api/store.js';
import type { SessionState } from '../api/client.js';
import type { UserView } from '../api/views.js';
import { local } from '../lib/storage.js';

const KEY = 'account';

/** Who was signed in here last and has not signed out: without the server nobody else can say who is there. */
export function knownAccount(): UserView | null {
  try {
    const user = JSON.parse(local.get(KEY) ?? 'null') as UserView | null;
    return typeof user?.id === 'string' && typeof user.email === 'string' ? user : null;
  } catch {
    return null;
  }
}

/** Remembers whoever is signed in, and forgets them when they sign out or their session is over. */
export function rememberAccount(session: Store<SessionState>): void {
  session.subscribe(() => {
    const state = session.get();
    if (state.status === 'signed-in') local.set(KEY, JSON.stringify(state.user));
    if (state.status === 'signed-out') local.set(KEY, null);
  });
}
