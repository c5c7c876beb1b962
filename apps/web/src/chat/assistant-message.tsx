import { memo, useEffect, type ReactNode } from 'react';
import type { MessageView } from '../api/views.js';
import { formatNumber } from '../lib/format.js';
import { Markdown } from '../markdown/markdown.js';
import { announce } from '../ui/announcer.js';
import { RetryIcon } from '../ui/icons.js';
import { Failure } from '../ui/parts.js';
import { Popover } from '../ui/popover.js';
import { useRunningAnswer } from '../browser/browser-answers.js';
import { useLiveAnswer } from './answers.js';
import { refreshConversation } from './cache.js';
import { Details } from './details.js';
import { AnswerInstead } from './answer-instead.js';
import { CopyButton, Siblings } from './message-parts.js';
import { answerPendingWith } from './outgoing.js';
import type { PathNode } from './tree.js';
import { Waiting, waitingText } from './waiting.js';

interface AssistantMessageProps {
  node: PathNode<MessageView>;
  /** Another answer cannot be asked for while one is being written. */
  retryable: boolean;
  onRetry(message: MessageView): void;
}

export const AssistantMessage = memo(function AssistantMessage({ node, retryable, onRetry }: AssistantMessageProps) {
  const { message } = node;
  if (message.status === 'pending')
    return message.runsIn === 'browser' ? <BrowserAnswer node={node} /> : <PendingAnswer node={node} />;
  const { status, text, error, metadata } = message;
  const retry = () => onRetry(message);
  return (
    <Frame>
      {text && <Markdown text={text} />}
      {status === 'failed' && (
        <Failure title={text ? 'The answer broke off' : 'No answer'} detail={error?.message ?? 'The model failed.'}>
          <button type="button" className="button" disabled={!retryable} onClick={retry}>
            <RetryIcon /> Retry
          </button>
        </Failure>
      )}
      {status === 'stopped' && <p className="remark">{text ? 'Stopped.' : 'Stopped before the first word.'}</p>}
      {metadata?.finishReason === 'length' && (
        <p className="remark">Cut off: the answer reached its longest length or the model’s context is full.</p>
      )}
      <div className="actions">
        <Siblings node={node} />
        {text && <CopyButton text={text} name="Copy answer" />}
        {status !== 'failed' && (
          <button
            type="button"
            className="icon-button"
            aria-label="Retry"
            title="Retry"
            disabled={!retryable}
            onClick={retry}
          >
            <RetryIcon />
          </button>
        )}
        {metadata ? (
          <Popover
            kind="dialog"
            name="About this answer"
            className="caption-button"
            label={
              <>
                <span className="clip">{metadata.model}</span>
                {metadata.tokensPerSecond !== null && <span>{formatNumber(metadata.tokensPerSecond)} tok/s</span>}
              </>
            }
          >
            {() => <Details metadata={metadata} />}
          </Popover>
        ) : (
          message.model && <span className="caption-button clip">{message.model}</span>
        )}
      </div>
    </Frame>
  );
});

/** Who waits so long for the first word may want another model. */
const SLOW_MS = 6000;

function PendingAnswer({ node }: { node: PathNode<MessageView> }) {
  const { message } = node;
  const { text, phase, restarted, done, connected, problem } = useLiveAnswer(message);

  const said = text ? 'The answer is being written.' : waitingText(phase);
  useEffect(() => announce(said), [said]);
  const end = done ? (done.status === 'failed' ? 'The answer failed.' : `Answer: ${text.slice(0, 1500)}`) : null;
  useEffect(() => {
    if (end) announce(end);
  }, [end]);

  return (
    <Frame busy={!done}>
      {text ? <Markdown text={text} growing={!done} /> : !problem && <Waiting phase={phase} />}
      {restarted !== null && !done && <p className="remark">Started again: {restarted}</p>}
      {!connected && !problem && <p className="remark">The connection was lost. Reconnecting…</p>}
      {problem && (
        <Failure title="The answer cannot be followed" detail={problem}>
          <button type="button" className="button" onClick={() => void refreshConversation(message.conversationId)}>
            Reload the conversation
          </button>
        </Failure>
      )}
      <div className="actions">
        <Siblings node={node} />
        {!text && !done && (
          <AnswerInstead
            conversationId={message.conversationId}
            model={message.model}
            afterMs={SLOW_MS}
            onPick={(model, adapter) => answerPendingWith(message, model, adapter)}
          />
        )}
      </div>
    </Frame>
  );
}

/** An answer that a browser writes: this tab, another one, or one that went away. */
function BrowserAnswer({ node }: { node: PathNode<MessageView> }) {
  const { message } = node;
  const here = useRunningAnswer(message.id);
  const text = here?.text || message.text;
  const said = text ? 'The answer is being written in this browser.' : waitingText(here?.phase ?? null);
  useEffect(() => announce(said), [said]);
  return (
    <Frame busy>
      {text ? <Markdown text={text} growing={here !== null} /> : here && <Waiting phase={here.phase} />}
      {!here && (
        <p className="remark">
          Another browser or tab writes this answer. If it is gone, stop the answer here and try again.
        </p>
      )}
      <div className="actions">
        <Siblings node={node} />
      </div>
    </Frame>
  );
}

/** Stands where the answer will be until the server has taken the message. */
export const ComingAnswer = () => (
  <Frame busy>
    <Waiting phase={null} />
    <div className="actions" />
  </Frame>
);

const Frame = ({ busy = false, children }: { busy?: boolean; children: ReactNode }) => (
  <article className="message message-assistant" aria-label="Assistant" aria-busy={busy}>
    <h2 className="sr-only">Assistant</h2>
    {children}
  </article>
);
