import type { MessageView } from '../api/views.js';

/** A conversation that is in this browser only. */
export interface LocalConversation {
  id: string;
  ownerId: string;
  title: string;
  createdAt: string;
  updatedAt: string;
  messages: readonly MessageView[];
}

/** An answer that ended knows more than one that is being written, and a longer text more than a shorter one. */
const RANK: Record<MessageView['status'], number> = { pending: 0, failed: 1, stopped: 2, complete: 3 };

/** The one of two versions of a message that stays; the same for whoever asks, in whatever order. */
function better(a: MessageView, b: MessageView): MessageView {
  const order =
    RANK[a.status] - RANK[b.status] || a.text.length - b.text.length || compare(JSON.stringify(a), JSON.stringify(b));
  return order >= 0 ? a : b;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * What two devices know of one conversation, together: every message of either, each in its better version, in the order
 * of their times. The newer title stays. Any order of merges leads to the same.
 */
export function mergeConversations(a: LocalConversation, b: LocalConversation): LocalConversation {
  const messages = new Map(a.messages.map((message) => [message.id, message]));
  for (const message of b.messages) {
    const known = messages.get(message.id);
    messages.set(message.id, known ? better(known, message) : message);
  }
  const newer = compare(a.updatedAt, b.updatedAt) || compare(a.title, b.title) || compare(a.ownerId, b.ownerId);
  return {
    ...(newer >= 0 ? a : b),
    createdAt: a.createdAt < b.createdAt ? a.createdAt : b.createdAt,
    messages: [...messages.values()].toSorted((x, y) => compare(x.createdAt, y.createdAt) || compare(x.id, y.id)),
  };
}
