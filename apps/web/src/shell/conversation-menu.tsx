import { useMutation } from '@tanstack/react-query';
import { useId, useState, type FormEvent } from 'react';
import { messageOf } from '../api/problem.js';
import { queryClient } from '../api/queries.js';
import { api } from '../api/session.js';
import type { ConversationSummary } from '../api/views.js';
import { conversationChanged, refreshConversation } from '../chat/cache.js';
import { conversationPath, navigate } from '../lib/router.js';
import { Confirm, Dialog } from '../ui/dialog.js';
import { EditIcon, MoreIcon, TrashIcon } from '../ui/icons.js';
import { Field } from '../ui/parts.js';
import { Popover } from '../ui/popover.js';
import { toast, toastError } from '../ui/toast.js';

const LONGEST_TITLE = 200;

/** Rename and delete. */
export function ConversationMenu({ conversation, name }: { conversation: ConversationSummary; name: string }) {
  const [open, setOpen] = useState<'rename' | 'delete' | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <Popover name={name} label={<MoreIcon />} align="end" className="icon-button conversation-menu">
        {(hide) => (
          <>
            <button type="button" role="menuitem" className="menu-item" onClick={() => (hide(), setOpen('rename'))}>
              <EditIcon /> Rename
            </button>
            <button
              type="button"
              role="menuitem"
              className="menu-item menu-item-danger"
              onClick={() => (hide(), setOpen('delete'))}
            >
              <TrashIcon /> Delete
            </button>
          </>
        )}
      </Popover>
      {open === 'rename' && <Rename conversation={conversation} onClose={close} />}
      {open === 'delete' && <Delete conversation={conversation} onClose={close} />}
    </>
  );
}

const pathTo = ({ id }: ConversationSummary) => `/api/conversations/${encodeURIComponent(id)}`;

function Rename({ conversation, onClose }: { conversation: ConversationSummary; onClose(): void }) {
  const id = useId();
  const [title, setTitle] = useState(conversation.title);
  const rename = useMutation({
    mutationFn: () => api.json('PATCH', pathTo(conversation), { body: { title: title.trim() } }),
    onSuccess: () => {
      conversationChanged(conversation.id);
      void refreshConversation(conversation.id);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate();
  };
  return (
    <Dialog title="Rename conversation" onClose={onClose} className="dialog-small">
      <form onSubmit={submit}>
        <Field id={id} label="Title" error={rename.isError ? messageOf(rename.error) : null}>
          {(described) => (
            <input
              {...described}
              autoFocus
              required
              maxLength={LONGEST_TITLE}
              value={title}
              onFocus={(event) => event.target.select()}
              onChange={(event) => setTitle(event.target.value)}
            />
          )}
        </Field>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button button-primary" disabled={rename.isPending || title.trim() === ''}>
            Rename
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Delete({ conversation, onClose }: { conversation: ConversationSummary; onClose(): void }) {
  const remove = useMutation({
    mutationFn: () => api.json('DELETE', pathTo(conversation)),
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
