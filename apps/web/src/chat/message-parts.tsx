import { useState } from 'react';
import { copyText } from '../lib/copy.js';
import { CheckIcon, CopyIcon, NextIcon, PreviousIcon } from '../ui/icons.js';
import { toastError } from '../ui/toast.js';
import { chooseMessage } from './choices.js';
import type { PathNode } from './tree.js';
import type { MessageView } from '../api/views.js';

/** ‹ 2/3 › : walks through what stands in the same place of the conversation. */
export function Siblings({ node }: { node: PathNode<MessageView> }) {
  const { siblings, index } = node;
  if (siblings.length < 2) return null;
  const go = (to: number) => chooseMessage(siblings[to]!);
  return (
    <div className="siblings" role="group" aria-label="Versions">
      <button
        type="button"
        className="icon-button"
        aria-label="Previous version"
        disabled={index === 0}
        onClick={() => go(index - 1)}
      >
        <PreviousIcon />
      </button>
      <span aria-label={`Version ${index + 1} of ${siblings.length}`} role="img">
        {index + 1}/{siblings.length}
      </span>
      <button
        type="button"
        className="icon-button"
        aria-label="Next version"
        disabled={index === siblings.length - 1}
        onClick={() => go(index + 1)}
      >
        <NextIcon />
      </button>
    </div>
  );
}

export function CopyButton({ text, name = 'Copy' }: { text: string; name?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    copyText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1600);
    }, toastError);
  return (
    <button type="button" className="icon-button" aria-label={copied ? 'Copied' : name} title={name} onClick={copy}>
      {copied ? <CheckIcon /> : <CopyIcon />}
    </button>
  );
}
