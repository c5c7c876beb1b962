import { conversationQuery, queryClient } from '../api/queries.js';
import type { ConversationView, MessageView } from '../api/views.js';
import { tellTabs } from '../lib/tabs.js';

/** Puts messages into the conversation that the page holds, over older versions of themselves. */
export async function putMessages(conversationId: string, messages: readonly MessageView[]): Promise<void> {
  const { queryKey } = conversationQuery(conversationId);
  // An answer of the server that is still on its way is older than these, and may hold others: it is asked for anew.
  const asked = queryClient.isFetching({ queryKey, exact: true }) > 0;
  await queryClient.cancelQueries({ queryKey, exact: true });
  queryClient.setQueryData(queryKey, (conversation) => conversation && withMessages(conversation, messages));
  if (asked) void refreshConversation(conversationId);
}

export function withMessages(conversation: ConversationView, messages: readonly MessageView[]): ConversationView {
  const changed = new Map(messages.map((message) => [message.id, message]));
  const kept = conversation.messages.map((message) => {
    const next = changed.get(message.id);
    changed.delete(message.id);
    return next ?? message;
  });
  return { ...conversation, messages: [...kept, ...changed.values()] };
}

export const refreshConversation = (id: string) =>
  queryClient.invalidateQueries({ queryKey: conversationQuery(id).queryKey });

export const refreshConversations = () =>
  queryClient.invalidateQueries({
    predicate: ({ queryKey }) => queryKey[0] === 'conversations' || queryKey[0] === 'conversations-here',
  });

/** Something changed that other tabs show as well; `here`: this tab does not know it yet either. */
export function conversationChanged(id: string, { here = false } = {}): void {
  tellTabs({ type: 'conversation-changed', id });
  if (here) void refreshConversation(id);
  void refreshConversations();
}
