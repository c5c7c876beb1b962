import { useEffect, useSyncExternalStore } from 'react';
import { follow } from '../api/events.js';
import { queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import type { NotificationView } from '../api/views.js';
import { routeOf } from '../lib/router.js';
import { announce } from '../ui/announcer.js';
import { type Counted, UnreadCount } from './unread-count.js';

/** What the server says at each step, whatever it is. */
interface Change extends Counted {
  notification?: NotificationView;
}

const unread = new UnreadCount();

export const useUnread = (): number => useSyncExternalStore(unread.subscribe, unread.get);

/** The conversation that is before the reader's eyes, if one is. */
function conversationInSight(): string | null {
  const route = routeOf(location.pathname);
  return route.page === 'conversation' && document.visibilityState === 'visible' ? route.id : null;
}

const refreshList = () => queryClient.invalidateQueries({ queryKey: ['notifications'] });

function counted(count: Counted): void {
  unread.take(count);
  void refreshList();
}

/** A failure is no news to the reader: what could not be told now is told at the next look. */
const quietly = (asked: Promise<Counted>) => void asked.then(counted, () => undefined);

const see = (conversationId: string, messageIds: string[] = []) =>
  quietly(api.json('POST', '/api/notifications/seen', { body: { conversationId, messageIds } }));

/** The end of an answer was shown: its notification, which may come later, is read already. */
export function sawAnswer(conversationId: string, messageId: string): void {
  if (conversationInSight() === conversationId) see(conversationId, [messageId]);
}

export async function readNotification({ id }: NotificationView): Promise<void> {
  await api.json('POST', `/api/notifications/${encodeURIComponent(id)}/read`);
  await refreshList();
}

/** Up to the newest one that the reader can see. */
export async function readAll(until: string | undefined): Promise<void> {
  counted(await api.json('POST', '/api/notifications/read-all', { body: { until } }));
}

function take({ notification, ...count }: Change): void {
  const { conversationId } = notification ?? {};
  if (conversationId && conversationId === conversationInSight()) {
    // It is read before it was shown: the badge does not blink.
    see(conversationId);
    return;
  }
  if (notification) announce(`New notification: ${notification.title}. ${notification.text}`);
  counted(count);
}

/** Follows the notifications of whoever is signed in, and reads those of the page that is looked at. */
export function useNotificationsLive(path: string): void {
  useEffect(() => {
    const leave = new AbortController();
    const live = follow({
      signal: leave.signal,
      open: (last, signal) =>
        api.stream('/api/notifications/stream', {
          signal,
          headers: last === null ? {} : { 'last-event-id': last },
        }),
      onEvent: ({ id, event, data }) => {
        // Whatever else is said (an error before the end), the next connection begins with what is true then.
        if (id !== undefined && (event === 'state' || event === 'new' || event === 'read'))
          take({ ...(JSON.parse(data) as Omit<Change, 'revision'>), revision: id });
        return false;
      },
    });
    // Refused for good means signed out, which the page shows by itself.
    live.catch(() => undefined);
    return () => {
      leave.abort();
      unread.forget();
    };
  }, []);

  useEffect(() => {
    const look = () => {
      const conversationId = conversationInSight();
      if (conversationId && unread.get() > 0) see(conversationId);
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [path]);
}
