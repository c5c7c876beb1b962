import type { Highlight } from './render.js';
import { Store } from '../api/store.js';

/** The highlighter, once a page has needed it: it weighs more than all the rest of the chat. */
export const highlighter = new Store<Highlight | null>(null);

let loading: Promise<void> | null = null;

export function loadHighlighter(): void {
  loading ??= import('./languages.js').then(
    ({ highlight }) => highlighter.set(highlight),
    () => {
      // Code stays readable without colours; the next code block tries again.
      loading = null;
    },
  );
}
