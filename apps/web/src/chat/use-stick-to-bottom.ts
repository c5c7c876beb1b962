import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';

const NEAR = 48;

/**
 * Keeps a growing list scrolled to its end, until the reader scrolls up; then it never moves by itself.
 * `key` is what the list shows: another one starts at its end.
 */
export function useStickToBottom(key: string): {
  scroller: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  stuck: boolean;
  toBottom(smooth?: boolean): void;
} {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const pinned = useRef(true);
  const last = useRef({ top: 0, height: 0 });
  const [stuck, setStuck] = useState(true);

  const pin = (value: boolean) => {
    pinned.current = value;
    setStuck(value);
  };

  const toBottom = useCallback((smooth = false) => {
    const element = scroller.current;
    if (!element) return;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    pin(true);
    element.scrollTo({ top: element.scrollHeight, behavior: smooth && !calm ? 'smooth' : 'instant' });
  }, []);

  useLayoutEffect(() => toBottom(), [key, toBottom]);

  useEffect(() => {
    const element = scroller.current;
    const inner = content.current;
    if (!element || !inner) return;
    const onScroll = () => {
      const { scrollTop: top, scrollHeight: height, clientHeight } = element;
      const near = height - top - clientHeight < NEAR;
      // Only a move up of an unchanged page is the reader's; a shorter page moves up by itself.
      const up = top < last.current.top - 2 && height >= last.current.height;
      last.current = { top, height };
      if (near && !up) pin(true);
      else if (up) pin(false);
    };
    const observer = new ResizeObserver(() => {
      if (pinned.current) element.scrollTop = element.scrollHeight;
      last.current = { top: element.scrollTop, height: element.scrollHeight };
    });
    observer.observe(inner);
    observer.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', onScroll);
    };
  }, [key]);

  return { scroller, content, stuck, toBottom };
}
