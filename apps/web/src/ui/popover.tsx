import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

interface PopoverProps {
  /** What the button shows. */
  label: ReactNode;
  /** The button's name, where `label` is an icon. */
  name?: string;
  className?: string;
  align?: 'start' | 'end';
  /** `menu`: the content are `menuitem`s that the arrow keys walk through. */
  kind?: 'menu' | 'dialog';
  disabled?: boolean;
  children: (close: () => void) => ReactNode;
}

const GAP = 6;
const MARGIN = 8;

/**
 * A button and what it opens, above all else on the page (the browser's popover), so that no scrolling parent cuts it.
 * Esc and a click elsewhere close it; the focus goes in and comes back.
 */
export function Popover({
  label,
  name,
  className = 'icon-button',
  align = 'start',
  kind = 'menu',
  disabled,
  children,
}: PopoverProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  const place = () => {
    const anchor = button.current!.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = panel.current!;
    const left = align === 'start' ? anchor.left : anchor.right - width;
    const below = innerHeight - anchor.bottom - GAP - MARGIN;
    const up = height > below && anchor.top > below;
    const style = panel.current!.style;
    style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - width - MARGIN))}px`;
    style.top = `${Math.max(MARGIN, up ? anchor.top - GAP - height : Math.min(anchor.bottom + GAP, innerHeight - height - MARGIN))}px`;
  };
  const items = () => [...panel.current!.querySelectorAll<HTMLElement>('[role^=menuitem]:not(:disabled)')];
  const close = () => panel.current?.hidePopover();
  const onToggle = (state: string) => {
    setOpen(state === 'open');
    if (state !== 'open') return;
    // The content is rendered by now: React flushes the state of a discrete event before the next frame.
    requestAnimationFrame(() => {
      if (!panel.current?.matches(':popover-open')) return;
      place();
      panel.current.style.visibility = 'visible';
      const first =
        kind === 'menu' ? (items().find((item) => item.ariaChecked === 'true') ?? items()[0]) : panel.current;
      first?.focus();
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') event.stopPropagation(); // Closes this alone, and does not stop an answer as well.
    if (kind !== 'menu') return;
    const list = items();
    const at = list.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
    if (to === undefined) {
      if (event.key === 'Tab') close();
      return;
    }
    event.preventDefault();
    list.at(to % list.length)?.focus();
  };

  return (
    <>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={name}
        title={name}
        aria-haspopup={kind}
        aria-expanded={open}
        disabled={disabled}
        popoverTarget={id}
      >
        {label}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        className={`popover ${kind === 'menu' ? 'menu' : 'popover-card'}`}
        role={kind}
        aria-label={name ?? (typeof label === 'string' ? label : undefined)}
        tabIndex={-1}
        onBeforeToggle={() => (panel.current!.style.visibility = 'hidden')}
        onToggle={(event) => onToggle(event.newState)}
        onKeyDown={onKeyDown}
      >
        {open && children(close)}
      </div>
    </>
  );
}
