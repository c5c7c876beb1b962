import { useLayoutEffect, useMemo } from 'react';
import type { MessageView } from '../api/views.js';
import { ArrowDownIcon } from '../ui/icons.js';
import { AssistantMessage, ComingAnswer } from './assistant-message.js';
import type { Outgoing } from './outgoing.js';
import type { PathNode } from './tree.js';
import { UserMessage } from './user-message.js';
import { useStickToBottom } from './use-stick-to-bottom.js';

interface ThreadProps {
  conversationId: string;
  path: readonly PathNode<MessageView>[];
  outgoing: readonly Outgoing[];
  busy: boolean;
  onEdit(message: MessageView, text: string): void;
  onRetry(message: MessageView): void;
}

export function Thread({ conversationId, path, outgoing, busy, onEdit, onRetry }: ThreadProps) {
  const unsent = useMemo(() => new Map(outgoing.map((item) => [item.message.id, item])), [outgoing]);
  const leaf = path.at(-1)?.message;
  const sending = leaf && unsent.get(leaf.id);
  const { scroller, content, stuck, toBottom } = useStickToBottom(conversationId);
  // A message of one's own is always brought into view; an answer only if the reader is at the end.
  const own = sending?.message.id;
  useLayoutEffect(() => {
    if (own !== undefined) toBottom();
  }, [own, toBottom]);

  return (
    <div className="thread-frame">
      <div className="thread" ref={scroller} tabIndex={0} role="region" aria-label="Messages">
        <div className="thread-content" ref={content}>
          {path.map((node) => {
            const { message, index } = node;
            const key = `${message.parentId ?? ''}:${index}`;
            return message.role === 'user' ? (
              <UserMessage
                key={key}
                node={node}
                outgoing={unsent.get(message.id) ?? null}
                editable={!busy}
                onEdit={onEdit}
              />
            ) : (
              <AssistantMessage key={key} node={node} retryable={!busy} onRetry={onRetry} />
            );
          })}
          {sending && sending.error === null && <ComingAnswer />}
        </div>
      </div>
      {!stuck && (
        <button type="button" className="jump button" onClick={() => toBottom(true)}>
          <ArrowDownIcon /> Jump to latest
        </button>
      )}
    </div>
  );
}
