import { useSyncExternalStore } from 'react';
import { Store } from '../api/store.js';

const words = new Store('');

/** Says it to a screen reader when it has a moment, without a mark on the page. */
export const announce = (text: string): void => words.set(text);

export function Announcer() {
  const text = useSyncExternalStore(words.subscribe, words.get);
  return (
    <div className="sr-only" role="status" aria-live="polite">
      {text}
    </div>
  );
}
