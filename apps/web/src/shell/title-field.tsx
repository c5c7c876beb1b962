import { useRef, useState, type KeyboardEvent } from 'react';
import { queryClient, conversationQuery } from '../api/queries.js';
import { api } from '../api/session.js';
import { isLocal } from '../browser/local-id.js';
import type { ConversationSummary } from '../api/views.js';
import { conversationChanged, refreshConversation } from '../chat/cache.js';
import { nowOrLater } from '../offline/now-or-later.js';
import { toastError } from '../ui/toast.js';

const LONGEST_TITLE = 200;

async function rename({ id }: ConversationSummary, title: string): Promise<void> {
  const { queryKey } = conversationQuery(id);
  queryClient.setQueryData(queryKey, (conversation) => conversation && { ...conversation, title });
  try {
    if (isLocal(id)) {
      const { changeLocal } = await import('../browser/local-conversations.js');
      await changeLocal(id, (known) => (known ? { ...known, title, updatedAt: new Date().toISOString() } : null));
    } else {
      await nowOrLater(id, { kind: 'rename', title }, () =>
        api.json('PATCH', `/api/conversations/${encodeURIComponent(id)}`, { body: { title } }),
      );
    }
  } finally {
    conversationChanged(id);
    await refreshConversation(id);
  }
}

/** The title of a conversation while it is being changed: Enter or leaving keeps it, Esc does not. */
export function TitleField({ conversation, onClose }: { conversation: ConversationSummary; onClose(): void }) {
  const [title, setTitle] = useState(conversation.title);
  const closed = useRef(false);
  const close = (keep: boolean) => {
    if (closed.current) return;
    closed.current = true;
    const next = title.trim();
    if (keep && next && next !== conversation.title) rename(conversation, next).catch(toastError);
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== 'Escape') return;
    if (event.nativeEvent.isComposing) return;
    event.preventDefault();
    close(event.key === 'Enter');
  };
  return (
    <input
      className="title-field"
      aria-label="Title"
      autoFocus
      maxLength={LONGEST_TITLE}
      value={title}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setTitle(event.target.value)}
      onBlur={() => close(true)}
      onKeyDown={onKeyDown}
    />
  );
}
