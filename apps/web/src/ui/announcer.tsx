import { useSyncExternalStore } from 'react';
import { Store } from '../api/store.js';

const words = new Store('');
let forgetting: ReturnType<typeof setTimeout> | undefined;

/** Says it to a screen reader when it has a moment, without a mark on the page. */
export function announce(text: string): void {
  words.set(text);
  clearTimeout(forgetting);
  // Said once; later it would only be found a second time by whoever reads the whole page.
  forgetting = setTimeout(() => words.set(''), 5000);
}

export function Announcer() {
  const text = useSyncExternalStore(words.subscribe, words.get);
  return (
    <div className="sr-only" role="status" aria-live="polite">
      {text}
    </div>
  );
}
