import { useQuery } from '@tanstack/react-query';
import { useEffect, useLayoutEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react';
import { limitsQuery } from '../api/queries.js';
import { formatNumber } from '../lib/format.js';
import { useMedia } from '../lib/hooks.js';
import { session } from '../lib/storage.js';
import { SendIcon, StopIcon } from '../ui/icons.js';
import type { AdapterOptions } from '../adapters/adapter-choice.js';
import { AdapterMenu } from '../adapters/adapter-menu.js';
import { AdapterStrength } from '../adapters/adapter-strength.js';
import type { ModelChoice } from './model-choice.js';
import { ModelMenu } from './model-menu.js';

interface ComposerProps {
  /** Where the unsent text is kept; another key is another text. */
  draftKey: string;
  choice: ModelChoice;
  adapters: AdapterOptions;
  /** An answer is being written: it can be stopped, and nothing else sent before it ends. */
  busy: boolean;
  stopping: boolean;
  /** Why nothing can be sent at all. */
  blocked: string | null;
  onSend(text: string): void;
  onStop(): void;
}

export function Composer({ draftKey, choice, adapters, busy, stopping, blocked, onSend, onStop }: ComposerProps) {
  const [text, setText] = useState(() => session.get(`draft.${draftKey}`) ?? '');
  const area = useRef<HTMLTextAreaElement>(null);
  const touch = useMedia('(pointer: coarse)');
  const length = text.trim().length;
  // Until it is known the server alone refuses, with a text of its own.
  const longest = useQuery(limitsQuery).data?.maxMessageChars ?? Infinity;
  const over = length - longest;
  const ready = !busy && !blocked && length > 0 && over <= 0;

  useEffect(() => session.set(`draft.${draftKey}`, text), [draftKey, text]);
  useEffect(() => {
    // On a phone the keyboard would cover the page.
    if (!matchMedia('(pointer: coarse)').matches) area.current?.focus({ preventScroll: true });
  }, []);

  useLayoutEffect(() => {
    if (CSS.supports('field-sizing', 'content')) return;
    const element = area.current!;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);

  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (!ready) return;
    // Sending the first message leads to another page, where this text must not wait as a draft.
    session.set(`draft.${draftKey}`, null);
    setText('');
    onSend(text.trim());
    area.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes a character, Enter is its own.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || touch) return;
    event.preventDefault();
    submit();
  };
  const note =
    over > 0
      ? `${formatNumber(over)} ${over === 1 ? 'character' : 'characters'} too long. A message has at most ${formatNumber(longest)}.`
      : length > longest * 0.9
        ? `${formatNumber(-over)} characters left.`
        : null;

  return (
    <form className="composer" onSubmit={submit}>
      <div className="composer-box">
        <textarea
          ref={area}
          rows={1}
          value={text}
          aria-label="Message"
          aria-describedby="composer-note"
          aria-invalid={over > 0}
          placeholder={blocked ?? 'Ask anything'}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <div className="composer-bar">
          <div className="composer-choices">
            <ModelMenu {...choice} />
            <AdapterMenu {...adapters} />
            <AdapterStrength {...adapters} />
          </div>
          {busy ? (
            <button
              type="button"
              className="round-button"
              aria-label="Stop"
              title="Stop (Esc)"
              disabled={stopping}
              onClick={onStop}
            >
              <StopIcon />
            </button>
          ) : (
            <button type="submit" className="round-button" aria-label="Send" title="Send (Enter)" disabled={!ready}>
              <SendIcon />
            </button>
          )}
        </div>
      </div>
      <p id="composer-note" className={over > 0 ? 'composer-note field-error' : 'composer-note'} role="status">
        {note ?? <span className="composer-hint">Models make mistakes. Check what matters.</span>}
      </p>
    </form>
  );
}
