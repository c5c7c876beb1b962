import type { MessageView } from '../api/views.js';

/** The messages from the first one to this one. */
export function pathTo(messages: readonly MessageView[], id: string): MessageView[] {
  const known = new Map(messages.map((message) => [message.id, message]));
  const path: MessageView[] = [];
  // An imported file could hold a circle.
  for (let at = known.get(id); at && path.length <= messages.length; at = known.get(at.parentId ?? ''))
    path.unshift(at);
  return path;
}
