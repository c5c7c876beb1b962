/** What the build says of itself; written into the service worker by `offline-shell.ts`. */
export interface Build {
  /** Another one for any other content. */
  version: string;
  /** Paths under which everything of the pages lies, and the SHA-256 of those whose name does not hold a hash. */
  shell: Readonly<Record<string, string | null>>;
  /** The engines of models, which are large: kept from their first use on. */
  parts: readonly string[];
}

/** How a request is answered. `pass`: as if there were no service worker. */
export type Way = 'page' | 'newest' | 'kept' | 'part' | 'pass';

/** Paths that belong to programs: nothing of them is ever kept here. The server has the same list. */
const NOT_PAGES = /^\/(?:api|v1|files|docs|openapi\.json|metrics|healthz|readyz)(?:[/?]|$)/;

export function wayOf(build: Build, request: Pick<Request, 'method' | 'mode' | 'url'>, origin: string): Way {
  const { origin: asked, pathname } = new URL(request.url);
  if (request.method !== 'GET' || asked !== origin || NOT_PAGES.test(pathname)) return 'pass';
  const digest = build.shell[pathname];
  if (request.mode === 'navigate') return /\.\w+$/.test(pathname) ? 'pass' : 'page';
  if (digest !== undefined) return digest === null ? 'kept' : 'newest';
  return build.parts.includes(pathname) ? 'part' : 'pass';
}

/** A part's path without the hash of its content: what stays the same from one version to the next. */
const nameOf = (path: string): string => path.replace(/-[\w-]{8}(?=\.\w+$)/, '');

/** Parts of this build that stand in the place of older ones that were kept. */
export function renewedParts(build: Build, kept: readonly string[]): string[] {
  const names = new Set(kept.map(nameOf));
  return build.parts.filter((path) => names.has(nameOf(path)) && !kept.includes(path));
}
