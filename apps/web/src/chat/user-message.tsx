import { memo, useState, type KeyboardEvent } from 'react';
import type { MessageView } from '../api/views.js';
import { loadPart } from '../lib/load.js';
import { EditIcon } from '../ui/icons.js';
import { AnswerInstead } from './answer-instead.js';
import { CopyButton, Siblings } from './message-parts.js';
import { Link } from '../lib/router.js';
import { useWaiting } from '../offline/waiting.js';
import { discard, sendAgain, type Outgoing } from './outgoing.js';
import type { PathNode } from './tree.js';

const instead = () => loadPart(() => import('../offline/answer-instead.js'));

interface UserMessageProps {
  node: PathNode<MessageView>;
  outgoing: Outgoing | null;
  editable: boolean;
  onEdit(message: MessageView, text: string): void;
}

export const UserMessage = memo(function UserMessage({ node, outgoing, editable, onEdit }: UserMessageProps) {
  const { message } = node;
  const [editing, setEditing] = useState(false);
  const waits = useWaiting().find(({ change }) => 'message' in change && change.message.id === message.id);
  return (
    <article className="message message-user" aria-label="You">
      <h2 className="sr-only">You</h2>
      {editing ? (
        <Edit
          text={message.text}
          onCancel={() => setEditing(false)}
          onSave={(text) => {
            setEditing(false);
            onEdit(message, text);
          }}
        />
      ) : (
        <div className="bubble" data-unsent={outgoing || waits ? true : undefined}>
          {message.text}
        </div>
      )}
      {waits && (
        <p className="remark waits">
          {waits.refused ? `Not sent. ${waits.refused.message} ` : 'Waiting to be sent'}
          {waits.refused && <Link to="/storage">See what was not sent</Link>}{' '}
          {waits.change.kind === 'say' && (
            <AnswerInstead
              conversationId={message.conversationId}
              model={waits.refused ? null : waits.change.model}
              onPick={async (model, adapter) => (await instead()).answerInstead(waits, model, adapter)}
            />
          )}
        </p>
      )}
      {outgoing?.error && (
        <div className="unsent" role="alert">
          <span>Not sent. {outgoing.error}</span>
          <button type="button" className="link-button" onClick={() => sendAgain(outgoing)}>
            Send again
          </button>
          <AnswerInstead
            conversationId={message.conversationId}
            model={outgoing.model}
            onPick={(model, adapter) => sendAgain({ ...outgoing, model, adapter })}
          />
          <button type="button" className="link-button" onClick={() => discard(outgoing)}>
            Discard
          </button>
        </div>
      )}
      {!outgoing && !editing && (
        <div className="actions">
          <Siblings node={node} />
          <CopyButton text={message.text} name="Copy message" />
          <button
            type="button"
            className="icon-button"
            aria-label="Edit"
            title="Edit"
            disabled={!editable}
            onClick={() => setEditing(true)}
          >
            <EditIcon />
          </button>
        </div>
      )}
    </article>
  );
});

function Edit({ text, onSave, onCancel }: { text: string; onSave(text: string): void; onCancel(): void }) {
  const [value, setValue] = useState(text);
  const changed = value.trim() !== '' && value.trim() !== text;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      onCancel();
    } else if (event.key === 'Enter' && (event.metaKey || event.ctrlKey) && changed) {
      event.preventDefault();
      onSave(value.trim());
    }
  };
  return (
    <div className="edit">
      <textarea
        autoFocus
        aria-label="Edit message"
        rows={3}
        value={value}
        onChange={(event) => setValue(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="edit-actions">
        <span className="muted">Starts a new branch; the old one stays.</span>
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
        <button
          type="button"
          className="button button-primary"
          disabled={!changed}
          onClick={() => onSave(value.trim())}
        >
          Send
        </button>
      </div>
    </div>
  );
}
