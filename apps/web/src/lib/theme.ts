import { useSyncExternalStore } from 'react';
import { Store } from '../api/store.js';

export type Theme = 'system' | 'light' | 'dark';

/** `public/theme.js` reads the same key before the first paint. */
const KEY = 'parley.theme';

const read = (): Theme => {
  const value = globalThis.document?.documentElement.dataset['theme'];
  return value === 'light' || value === 'dark' ? value : 'system';
};

const theme = new Store<Theme>(read());

export function setTheme(next: Theme): void {
  if (next === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = next;
  try {
    if (next === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Storage is blocked: the choice holds until the page is closed.
  }
  theme.set(next);
}

export const useTheme = (): Theme => useSyncExternalStore(theme.subscribe, theme.get);
