import { useEffect, type RefObject } from 'react';
import { hasReturned } from '../lib/router.js';

const scrolls = new Map<string, number>();

/**
 * Comes back to where one was in the list after a look at a model.
 * @param key the list's path with what is looked for
 */
export function useKeptScroll(main: RefObject<HTMLElement | null>, key: string, ready: boolean): void {
  useEffect(() => {
    const element = main.current;
    if (!element || !ready) return;
    if (hasReturned()) element.scrollTo({ top: scrolls.get(key) ?? 0 });
    const note = () => scrolls.set(key, element.scrollTop);
    element.addEventListener('scroll', note, { passive: true });
    return () => element.removeEventListener('scroll', note);
  }, [main, key, ready]);
  useEffect(() => {
    last.set(key.split('?', 1)[0]!, key);
  }, [key]);
}

const last = new Map<string, string>();

/** Where the reader was in that list, for the way back from a model. */
export const lastPath = (list: string): string => last.get(list) ?? list;
