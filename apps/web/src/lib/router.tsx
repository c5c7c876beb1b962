import {
  useEffect,
  useRef,
  useSyncExternalStore,
  type RefObject,
  type AnchorHTMLAttributes,
  type MouseEvent,
} from 'react';
import { Store } from '../api/store.js';

/** The pages there are. The address is the state: every page can be linked to and reloaded. */
export type Route =
  | { page: 'home' }
  | { page: 'conversation'; id: string }
  | { page: 'explore' }
  | { page: 'entry'; id: string }
  | { page: 'hub' }
  | { page: 'hub-model'; repository: string }
  | { page: 'models' }
  | { page: 'adapters' }
  | { page: 'account' }
  | { page: 'storage' }
  | { page: 'admin'; section: AdminSection; item: string | null }
  | { page: 'not-found' };

/** The pages of the administration; the first is the one at `/admin`. */
export const ADMIN_SECTIONS = ['instances', 'queues', 'audit', 'usage', 'tasks'] as const;
export type AdminSection = (typeof ADMIN_SECTIONS)[number];

export function routeOf(path: string): Route {
  const [first, second, ...rest] = path.split('/').filter(Boolean);
  if (first === 'admin') return adminRoute(second, rest);
  if (first === 'hub' && second !== undefined) {
    const [name, more] = rest;
    if (name === undefined || more !== undefined) return { page: 'not-found' };
    return { page: 'hub-model', repository: `${decode(second)}/${decode(name)}` };
  }
  if (rest.length > 0) return { page: 'not-found' };
  if (first === undefined) return { page: 'home' };
  if (first === 'c' && second !== undefined) return { page: 'conversation', id: decode(second) };
  if (first === 'explore' && second !== undefined) return { page: 'entry', id: decode(second) };
  const plain = PLAIN_PAGES.find((page) => page === first);
  return plain && second === undefined ? { page: plain } : { page: 'not-found' };
}

const PLAIN_PAGES = ['explore', 'hub', 'models', 'adapters', 'account', 'storage'] as const;

/** A queue has a page, and the audit one for each id that it can be narrowed by. */
function adminRoute(name: string | undefined, [item, ...rest]: string[]): Route {
  const section = name === undefined ? 'instances' : ADMIN_SECTIONS.find((known) => known === name);
  const known = item === undefined || section === 'queues' || section === 'audit';
  if (!section || !known || rest.length > 0) return { page: 'not-found' };
  return { page: 'admin', section, item: item === undefined ? null : decode(item) };
}

export const adminPath = (section: AdminSection, item?: string): string =>
  ['/admin', ...(section === 'instances' ? [] : [section]), ...(item ? [encodeURIComponent(item)] : [])].join('/');

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const conversationPath = (id: string) => `/c/${encodeURIComponent(id)}`;

export const entryPath = (id: string) => `/explore/${encodeURIComponent(id)}`;
/** @param repository `<owner>/<name>` */
export const hubModelPath = (repository: string) => `/hub/${repository.split('/').map(encodeURIComponent).join('/')}`;

const path = new Store(globalThis.location?.pathname ?? '/');
const search = new Store(globalThis.location?.search ?? '');
/** The page was come to by the browser's own back or forward, and shall be as it was left. */
let returned = false;

function follow(): void {
  search.set(location.search);
  path.set(location.pathname);
}
globalThis.addEventListener?.('popstate', () => {
  returned = true;
  follow();
});

/** @param to a path, with what is asked of the page behind a `?` */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to !== location.pathname + location.search) {
    if (options.replace) history.replaceState(null, '', to);
    else history.pushState(null, '', to);
  }
  returned = false;
  follow();
}

export const hasReturned = (): boolean => returned;

let moved = false;
path.subscribe(() => (moved = true));

/** For a page's `<main>`: takes the focus when the reader has come here by a link, so that a keyboard goes on from here. */
export function useArrival(): RefObject<HTMLElement | null> {
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    if (moved) main.current?.focus({ preventScroll: true });
  }, []);
  return main;
}

export const usePath = (): string => useSyncExternalStore(path.subscribe, path.get);

/** What is asked of the page, with its `?`; empty: nothing. */
export const useSearch = (): string => useSyncExternalStore(search.subscribe, search.get);

/** A plain link that changes the page without loading it, unless the reader asks for a new tab. */
export function Link({ to, onClick, ...props }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={follow} {...props} />;
}
