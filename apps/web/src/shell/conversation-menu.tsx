import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { conversationQuery, queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import { isLocal } from '../browser/local-id.js';
import type { ConversationSummary } from '../api/views.js';
import { conversationChanged } from '../chat/cache.js';
import { saveFile } from '../lib/save.js';
import { conversationPath, navigate } from '../lib/router.js';
import { nowOrLater } from '../offline/now-or-later.js';
import { Confirm } from '../ui/dialog.js';
import { DownloadIcon, EditIcon, MoreIcon, TrashIcon } from '../ui/icons.js';
import { Popover } from '../ui/popover.js';
import { toast, toastError } from '../ui/toast.js';

interface ConversationMenuProps {
  conversation: ConversationSummary;
  name: string;
  /** The title is changed where it stands: whoever shows it puts a `TitleField` there. */
  onRename(): void;
}

/** The tree with engine, digests and token counts of each answer. */
async function exportConversation({ id }: ConversationSummary): Promise<void> {
  const file = await api.get<object>(`/api/conversations/${encodeURIComponent(id)}/export`);
  saveFile(new Blob([JSON.stringify(file, null, 2)], { type: 'application/json' }), `conversation-${id}.json`);
}

/** Rename, export and delete. A conversation of this browser is exported encrypted, on the page Storage. */
export function ConversationMenu({ conversation, name, onRename }: ConversationMenuProps) {
  const [deleting, setDeleting] = useState(false);
  return (
    <>
      <Popover name={name} label={<MoreIcon />} align="end" className="icon-button conversation-menu">
        {(hide) => (
          <>
            <button type="button" role="menuitem" className="menu-item" onClick={() => (hide(), onRename())}>
              <EditIcon /> Rename
            </button>
            {!isLocal(conversation.id) && (
              <button
                type="button"
                role="menuitem"
                className="menu-item"
                onClick={() => {
                  hide();
                  exportConversation(conversation).catch(toastError);
                }}
              >
                <DownloadIcon /> Export
              </button>
            )}
            <button
              type="button"
              role="menuitem"
              className="menu-item menu-item-danger"
              onClick={() => (hide(), setDeleting(true))}
            >
              <TrashIcon /> Delete
            </button>
          </>
        )}
      </Popover>
      {deleting && <Delete conversation={conversation} onClose={() => setDeleting(false)} />}
    </>
  );
}

/** The last messages of the branches that were seen here; null when the conversation was not opened here. */
function endsOf(id: string): string[] | null {
  const known = queryClient.getQueryData(conversationQuery(id).queryKey);
  if (!known) return null;
  const followed = new Set(known.messages.map(({ parentId }) => parentId));
  return known.messages.filter((message) => !followed.has(message.id)).map((message) => message.id);
}

function Delete({ conversation, onClose }: { conversation: ConversationSummary; onClose(): void }) {
  const remove = useMutation({
    mutationFn: async () => {
      if (!isLocal(conversation.id))
        return nowOrLater(conversation.id, { kind: 'delete', known: endsOf(conversation.id) }, () =>
          api.json('DELETE', `/api/conversations/${encodeURIComponent(conversation.id)}`),
        );
      const { changeLocal } = await import('../browser/local-conversations.js');
      return changeLocal(conversation.id, () => null);
    },
    onSuccess: () => {
      if (location.pathname === conversationPath(conversation.id)) navigate('/', { replace: true });
      queryClient.removeQueries({ queryKey: ['conversation', conversation.id] });
      conversationChanged(conversation.id);
      toast('Conversation deleted.');
    },
    onError: toastError,
    onSettled: onClose,
  });
  return (
    <Confirm
      title="Delete this conversation?"
      action="Delete"
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      “{conversation.title || 'New chat'}” and all its messages will be gone for good.
    </Confirm>
  );
}
