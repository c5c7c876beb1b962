import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { adminPath, Link } from '../lib/router.js';
import { Confirm } from '../ui/dialog.js';
import { toast, toastError } from '../ui/toast.js';
import { dropParked, replayParked, type ParkedMessage } from './api.js';
import { formatMoment, plural } from './format.js';
import { actorName, Entry, Json, useNames } from './parts.js';

interface ParkedProps {
  message: ParkedMessage;
  /** It was replayed or dropped, and is not listed any more. */
  onGone(): void;
}

/** A message that failed every attempt: what it is, why it failed, and what can be done about it. */
export function Parked({ message, onGone }: ParkedProps) {
  const [asking, setAsking] = useState(false);
  const nameOf = useNames();
  const replay = useMutation({
    mutationFn: () => replayParked(message),
    onSuccess: () => {
      toast('The message is back in its queue.');
      onGone();
    },
    onError: toastError,
  });
  const drop = useMutation({
    mutationFn: () => dropParked(message),
    onSuccess: () => {
      toast('The message was dropped.');
      onGone();
    },
    onError: toastError,
    onSettled: () => setAsking(false),
  });
  const busy = replay.isPending || drop.isPending;
  const named = `${message.type} of ${formatMoment(message.parkedAt)}`;
  return (
    <li className="card parked">
      <div className="card-main">
        <h3 className="mono">{message.type}</h3>
        <p className="parked-error">
          <code>{message.error.code}</code> {message.error.message}
        </p>
        {message.error.code === 'platform.internal' && (
          <p className="muted">The log of {message.queue.split('.')[0]} has the reason, under the request’s id.</p>
        )}
        <p className="facts">
          <span>{plural(message.attempts, 'attempt')}</span>
          <span>parked {formatMoment(message.parkedAt)}</span>
          <span>caused by {actorName(message.actor, nameOf)}</span>
        </p>
        <details className="raw">
          <summary>Look at it</summary>
          <dl className="envelope">
            <Entry name="Sent">{formatMoment(message.sentAt)}</Entry>
            <Entry name="Message">{message.messageId}</Entry>
            <Entry name="Request">
              <Link to={adminPath('audit', message.correlationId)} title="What else it set off, in the audit">
                {message.correlationId}
              </Link>
            </Entry>
          </dl>
          <Json value={message.data} label={`Data of ${message.type}`} />
        </details>
      </div>
      <div className="card-actions">
        <button
          type="button"
          className="button"
          aria-label={`Replay ${named}`}
          disabled={busy}
          onClick={() => replay.mutate()}
        >
          Replay
        </button>
        <button
          type="button"
          className="button"
          aria-label={`Drop ${named}`}
          disabled={busy}
          onClick={() => setAsking(true)}
        >
          Drop
        </button>
      </div>
      {asking && (
        <Confirm
          title="Drop this message?"
          action="Drop message"
          busy={drop.isPending}
          onConfirm={() => drop.mutate()}
          onClose={() => setAsking(false)}
        >
          What it asked for is never done. This cannot be undone, and is noted in the audit.
        </Confirm>
      )}
    </li>
  );
}
