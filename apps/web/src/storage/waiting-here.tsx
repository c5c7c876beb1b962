import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { dropQueued, type Queued, updateQueued } from '../offline/queue.js';
import { changeWaiting, sendWaiting } from '../offline/sender.js';
import { useWaiting } from '../offline/waiting.js';
import { formatDateTime } from '../lib/format.js';
import { conversationPath, Link } from '../lib/router.js';
import { saveFile } from '../lib/save.js';
import { Confirm } from '../ui/dialog.js';
import { toastError } from '../ui/toast.js';

/** What was done here and the server has not taken yet. Nothing of it is dropped but by the person. */
export function Waiting() {
  const queue = useWaiting();
  if (queue.length === 0) return null;
  const exportAll = () =>
    saveFile(
      new Blob([JSON.stringify({ format: 'parley.unsent', version: 1, items: queue }, null, 2)]),
      'parley-not-sent.json',
    );
  return (
    <section aria-labelledby="waiting-title">
      <div className="section-head">
        <h2 id="waiting-title">Waiting to be sent</h2>
        <div className="card-actions">
          <button type="button" className="button" onClick={exportAll}>
            Export
          </button>
          <button type="button" className="button" onClick={() => void sendWaiting()}>
            Send now
          </button>
        </div>
      </div>
      <p className="muted section-lead">
        {queue.length === 1 ? 'One change was' : `${queue.length} changes were`} made here while the server was away.
        They are sent by themselves, in their order, and stay here until the server has them.
      </p>
      <ul className="cards">
        {queue.map((item) => (
          <Item key={item.seq} item={item} />
        ))}
      </ul>
    </section>
  );
}

function Item({ item }: { item: Queued }) {
  const [asking, setAsking] = useState(false);
  const { seq, refused, conversationId, madeAt, change } = item;
  const again = useMutation({
    mutationFn: () => changeWaiting(() => updateQueued(seq, (known) => ({ ...known, refused: null }))),
    onError: toastError,
  });
  const discard = useMutation({
    mutationFn: () => changeWaiting(() => dropQueued(seq)),
    onError: toastError,
    onSettled: () => setAsking(false),
  });
  return (
    <li className="card">
      <div className="card-main">
        <h3>
          {titleOf(item)} {refused && <span className="badge">Not taken</span>}
        </h3>
        {'message' in change && <p className="clip">{change.message.text}</p>}
        {refused && <p className="field-error">{refused.message}</p>}
        <p className="facts">
          <span>{formatDateTime(madeAt)}</span>
          {change.kind !== 'delete' && <Link to={conversationPath(conversationId)}>Conversation</Link>}
        </p>
      </div>
      <div className="card-actions">
        {refused && (
          <button type="button" className="button" disabled={again.isPending} onClick={() => again.mutate()}>
            Try again
          </button>
        )}
        <button type="button" className="button" onClick={() => setAsking(true)}>
          Discard
        </button>
      </div>
      {asking && (
        <Confirm
          title="Discard this change?"
          action="Discard"
          busy={discard.isPending}
          onConfirm={() => discard.mutate()}
          onClose={() => setAsking(false)}
        >
          It is in this browser alone and will be gone for good. What follows it in the conversation cannot be sent
          then.
        </Confirm>
      )}
    </li>
  );
}

function titleOf({ change }: Queued): string {
  switch (change.kind) {
    case 'start':
      return 'A new conversation';
    case 'say':
      return 'A message';
    case 'turn':
      return change.ended ? 'A message and its answer' : 'A message; its answer is being written';
    case 'rename':
      return `The title “${change.title}”`;
    case 'delete':
      return 'A deletion';
  }
}
