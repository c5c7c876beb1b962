import { api } from '../api/session.js';
import { loadPart } from '../lib/load.js';
import { onTabMessage } from '../lib/tabs.js';
import { waiting } from './waiting.js';

const RECENT_AFTER_MS = 5000;

const sender = () => loadPart(() => import('./sender.js'));

/**
 * Sends what waits as soon as the server answers: now, when it is back, when the browser says that it is online, and when
 * another tab has put something there. Answers how to end that.
 */
export function startSending(): () => void {
  // Without a secure context there are no locks, and the page does not open without the server either.
  if (!isSecureContext) return () => undefined;
  const look = () => void sender().then(({ sendWaiting }) => sendWaiting());
  look();
  const ends = [
    api.reachable.subscribe(() => api.reachable.get() && look()),
    onTabMessage(({ type }) => type === 'queue-changed' && void sender().then(({ readWaiting }) => readWaiting())),
  ];
  addEventListener('online', look);
  const leaving = new AbortController();
  const session = api.session.get();
  // Only a page that opens without the server can show them then; after what this page itself needs.
  const timer = setTimeout(() => {
    if (!navigator.serviceWorker?.controller || session.status !== 'signed-in') return;
    void import('./keep-recent.js')
      .then(async ({ keepAdapters, keepRecent }) => {
        await keepAdapters();
        await keepRecent(session.user.id, leaving.signal);
      })
      .catch(() => undefined); // The next visit goes on.
  }, RECENT_AFTER_MS);
  return () => {
    ends.forEach((end) => end());
    clearTimeout(timer);
    leaving.abort();
    removeEventListener('online', look);
    waiting.set([]);
  };
}
