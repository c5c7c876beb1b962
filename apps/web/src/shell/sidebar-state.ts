import { useCallback, useSyncExternalStore } from 'react';
import { Store } from '../api/store.js';
import { useMedia } from '../lib/hooks.js';
import { local } from '../lib/storage.js';

/** On a wide page the side bar is there unless folded away; on a narrow one it comes over the page when asked for. */
const folded = new Store(local.get('sidebar') === 'folded');
const drawer = new Store(false);

export const closeDrawer = (): void => drawer.set(false);

export interface SidebarState {
  narrow: boolean;
  shown: boolean;
  toggle(): void;
}

export function useSidebar(): SidebarState {
  const narrow = useMedia('(max-width: 800px)');
  const isFolded = useSyncExternalStore(folded.subscribe, folded.get);
  const isOpen = useSyncExternalStore(drawer.subscribe, drawer.get);
  const toggle = useCallback(() => {
    if (narrow) {
      drawer.update((open) => !open);
    } else {
      folded.update((value) => !value);
      local.set('sidebar', folded.get() ? 'folded' : null);
    }
  }, [narrow]);
  return { narrow, shown: narrow ? isOpen : !isFolded, toggle };
}
