import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { v7 as newId } from 'uuid';
import { useAdapterChoice } from '../adapters/adapter-choice.js';
import { messageOf, Problem } from '../api/problem.js';
import { conversationQuery } from '../api/queries.js';
import type { MessageView } from '../api/views.js';
import { isLocal, newLocalId } from '../browser/local-id.js';
import { useWaiting } from '../offline/waiting.js';
import { useTitle } from '../lib/hooks.js';
import { conversationPath, Link, navigate } from '../lib/router.js';
import { NoModel } from '../models/no-model.js';
import { ConversationMenu } from '../shell/conversation-menu.js';
import { PageHead } from '../shell/page-head.js';
import { TitleField } from '../shell/title-field.js';
import { Failure, Skeleton } from '../ui/parts.js';
import { toastError } from '../ui/toast.js';
import { useChoices } from './choices.js';
import { Composer } from './composer.js';
import { useModelChoice } from './model-choice.js';
import { retryAnswer, send, stopAnswer, useOutgoing } from './outgoing.js';
import { Thread } from './thread.js';
import { pathOf } from './tree.js';
import { Greeting, Ideas } from './welcome.js';

/** A conversation, or (`id` null) the page that begins one. */
export function ChatPage({ id }: { id: string | null }) {
  const query = useQuery({ ...conversationQuery(id ?? ''), enabled: id !== null });
  const conversation = id === null ? undefined : query.data;
  const [keepHere, setKeepHere] = useState(false);
  const local = id === null ? keepHere : isLocal(id);
  const choice = useModelChoice({ local });
  const model = choice.model?.id ?? null;
  const adapters = useAdapterChoice(choice.model);
  const adapter = adapters.choice;
  const choices = useChoices(id);
  const allOutgoing = useOutgoing();
  const [renaming, setRenaming] = useState(false);
  const [stopping, setStopping] = useState<string | null>(null);
  useTitle(conversation?.title);

  const outgoing = useMemo(() => allOutgoing.filter((item) => item.message.conversationId === id), [allOutgoing, id]);
  const path = useMemo(() => {
    const stored = conversation?.messages ?? [];
    const known = new Set(stored.map((message) => message.id));
    return pathOf([...stored, ...outgoing.map((item) => item.message).filter((m) => !known.has(m.id))], choices);
  }, [conversation, outgoing, choices]);

  const leaf = path.at(-1)?.message;
  const pending = leaf?.status === 'pending' ? leaf : null;
  const unsent = outgoing.find((item) => item.message.id === leaf?.id);
  const busy = pending !== null || unsent?.error === null;
  const noModel = choice.models?.length === 0;
  const waits = useWaiting().some(({ change }) => change.kind === 'say' && change.message.id === leaf?.id);
  const blocked = waits
    ? 'Your last message waits to be sent to the server'
    : noModel
      ? local
        ? 'There is no model that runs in this browser'
        : 'You can write as soon as there is a model'
      : null;

  const onSend = (text: string) => {
    if (id === null) {
      const conversationId = local ? newLocalId() : newId();
      send({ conversationId, text, parentId: null, model, adapter, starts: true });
      navigate(conversationPath(conversationId));
      return;
    }
    // After a message that could not be sent comes another version of it, not an answer to it.
    const parent = unsent ? unsent.message.parentId : (leaf?.id ?? null);
    send({ conversationId: id, text, parentId: parent, model, adapter, starts: unsent?.starts });
  };
  const onStop = useCallback(() => {
    if (!pending || stopping === pending.id) return;
    setStopping(pending.id);
    stopAnswer(pending).catch((error: unknown) => {
      setStopping(null);
      toastError(error);
    });
  }, [pending, stopping]);
  const onRetry = useCallback(
    (message: MessageView) => void retryAnswer(message, model, adapter).catch(toastError),
    [model, adapter],
  );
  const onEdit = useCallback(
    ({ conversationId, parentId }: MessageView, text: string) =>
      send({ conversationId, text, parentId, model, adapter }),
    [model, adapter],
  );

  useEffect(() => {
    if (!pending) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      if (document.querySelector('dialog[open], :popover-open')) return;
      onStop();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [pending, onStop]);

  const composer = (
    <Composer
      key={id ?? 'new'}
      draftKey={id ?? 'new'}
      choice={choice}
      adapters={adapters}
      busy={busy}
      stopping={pending !== null && stopping === pending.id}
      blocked={blocked}
      onSend={onSend}
      onStop={onStop}
    />
  );

  if (id === null) {
    return (
      <>
        <PageHead />
        <main id="main" className="welcome" tabIndex={-1}>
          <div className="welcome-content">
            <Greeting />
            {noModel && !local && <NoModel />}
            {composer}
            {isSecureContext && <KeepHere checked={keepHere} onChange={setKeepHere} />}
            {!noModel && <Ideas onPick={onSend} disabled={!choice.models} />}
          </div>
        </main>
      </>
    );
  }
  // Deleted in another tab: what this one still holds is no longer true.
  const gone = query.error instanceof Problem && query.error.status === 404;
  const title = conversation?.title || (path[0]?.message.text.slice(0, 80) ?? '');
  return (
    <>
      <PageHead
        title={title || (conversation ? 'New chat' : '')}
        titleField={
          conversation && renaming ? (
            <TitleField conversation={conversation} onClose={() => setRenaming(false)} />
          ) : null
        }
      >
        {conversation && (
          <ConversationMenu conversation={conversation} name="Conversation menu" onRename={() => setRenaming(true)} />
        )}
      </PageHead>
      <main id="main" className="chat" tabIndex={-1}>
        {conversation && !gone ? (
          <>
            <Thread conversationId={id} path={path} outgoing={outgoing} busy={busy} onEdit={onEdit} onRetry={onRetry} />
            {noModel && !local && <NoModel />}
            {composer}
          </>
        ) : query.isError ? (
          <ConversationFailure error={query.error} retry={() => void query.refetch()} />
        ) : (
          <ThreadSkeleton />
        )}
      </main>
    </>
  );
}

/** Chosen before the first word, because what was sent cannot be taken back. */
const KeepHere = ({ checked, onChange }: { checked: boolean; onChange(checked: boolean): void }) => (
  <label className="keep-here">
    <input type="checkbox" checked={checked} onChange={({ target }) => onChange(target.checked)} />
    <span>
      Only in this browser <span className="muted">Nothing that is said leaves it; the server gets token counts.</span>
    </span>
  </label>
);

function ConversationFailure({ error, retry }: { error: unknown; retry(): void }) {
  const gone = error instanceof Problem && error.status >= 400 && error.status < 500;
  return (
    <div className="page-centre">
      <Failure
        title={gone ? 'This conversation is not here' : 'The conversation could not be loaded'}
        detail={gone ? 'It was deleted, or it belongs to somebody else.' : messageOf(error)}
      >
        {gone ? (
          <Link to="/" className="button">
            Start a new chat
          </Link>
        ) : (
          <button type="button" className="button" onClick={retry}>
            Try again
          </button>
        )}
      </Failure>
    </div>
  );
}

const ThreadSkeleton = () => (
  <div className="thread-frame">
    <div className="thread-content">
      <Skeleton label="Loading the conversation" lines={['42%', '100%', '96%', '74%', '30%', '100%', '88%']} />
    </div>
  </div>
);
