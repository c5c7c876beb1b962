import { memo, useEffect, useMemo, useRef, useSyncExternalStore, type MouseEvent } from 'react';
import { copyText } from '../lib/copy.js';
import { emptySplit, normalize, splitBlocks, type Split } from './blocks.js';
import { heal } from './heal.js';
import { highlighter, loadHighlighter } from './highlight.js';
import { renderBlock, type Highlight, type Pictures } from './render.js';

interface BlockProps {
  raw: string;
  level: number;
  definitions: string;
  highlight: Highlight | null;
  pictures: Pictures | undefined;
}

/** Re-rendered only when its own source changes: while an answer grows, that is the last block alone. */
const Block = memo(function Block({ raw, level, definitions, highlight, pictures }: BlockProps) {
  const html = useMemo(
    () => ({ __html: renderBlock(raw, definitions, { level, highlight, pictures }) }),
    [raw, level, definitions, highlight, pictures],
  );
  return <div className="block" dangerouslySetInnerHTML={html} />;
});

interface MarkdownProps {
  text: string;
  growing?: boolean;
  /** Given for a page that a stranger wrote, with HTML and pictures. */
  pictures?: Pictures;
}

/** A text of a model, which may still be growing. */
export function Markdown({ text, growing = false, pictures }: MarkdownProps) {
  const previous = useRef<Split>(emptySplit);
  const split = useMemo(() => splitBlocks(normalize(text), previous.current), [text]);
  useEffect(() => {
    previous.current = split;
  }, [split]);

  const highlight = useSyncExternalStore(highlighter.subscribe, highlighter.get);
  const hasCode = text.includes('```') || text.includes('~~~');
  useEffect(() => {
    if (hasCode) loadHighlighter();
  }, [hasCode]);

  const shown = split.blocks.filter((block) => block.type !== 'space' && block.type !== 'def');
  return (
    <div className="markdown" onClick={copyCode}>
      {shown.map((block, index) => {
        const last = growing && index === shown.length - 1;
        return (
          <Block
            key={index}
            raw={last ? heal(block.raw) : block.raw}
            level={block.level}
            definitions={split.definitions}
            highlight={highlight}
            pictures={pictures}
          />
        );
      })}
    </div>
  );
}

/** The copy buttons of code blocks are part of the rendered HTML, so the clicks are caught here. */
function copyCode(event: MouseEvent<HTMLElement>): void {
  const button = event.target instanceof Element ? event.target.closest('.code-copy') : null;
  const code = button?.closest('.code')?.querySelector('code');
  const label = button?.querySelector('span');
  if (!code || !label) return;
  const show = (text: string) => {
    label.textContent = text;
    setTimeout(() => (label.textContent = 'Copy'), 1600);
  };
  copyText((code.textContent ?? '').replace(/\n$/, '')).then(
    () => show('Copied'),
    () => show('Copy failed'),
  );
}
