import { type Build, renewedParts, wayOf } from './shell.js';

// Keeps the pages of this build, so that they open without the server. Answers of the server are never kept here.

declare const BUILD: Build;
const worker = globalThis as unknown as ServiceWorkerScope;

const PREFIX = 'parley-shell-';
const SHELL = PREFIX + BUILD.version;
const PARTS = 'parley-parts';
/** A server that is silent for so long is as good as away. */
const PATIENCE_MS = 4000;

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(activate()));
worker.addEventListener('message', ({ data }) => {
  if ((data as unknown) === 'activate') void worker.skipWaiting();
});
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  switch (wayOf(BUILD, request, location.origin)) {
    case 'page':
      return event.respondWith(newest(request, '/'));
    case 'newest':
      return event.respondWith(newest(request, new URL(request.url).pathname));
    case 'kept':
      return event.respondWith(kept(request));
    case 'part':
      return event.respondWith(part(event));
    case 'pass':
  }
});

/** All or nothing: a file that is not the one of this build (a server in the middle of an update) ends it. */
async function install(): Promise<void> {
  const shell = await caches.open(SHELL);
  const keep = async ([path, digest]: [string, string | null]) => {
    const known = digest === null ? await caches.match(path, { ignoreVary: true }) : undefined;
    const response = known ?? (await fetched(path, digest === null ? 'default' : 'reload'));
    if (digest !== null && (await sha256(response.clone())) !== digest) throw new Error(`${path} is of another build`);
    await shell.put(path, response);
  };
  await Promise.all(Object.entries(BUILD.shell).map(keep));
  const parts = await caches.open(PARTS);
  const old = (await parts.keys()).map(({ url }) => new URL(url).pathname);
  for (const path of renewedParts(BUILD, old)) await parts.put(path, await fetched(path, 'default'));
}

async function activate(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== SHELL) await caches.delete(name);
  const parts = await caches.open(PARTS);
  for (const request of await parts.keys())
    if (!BUILD.parts.includes(new URL(request.url).pathname)) await parts.delete(request);
  await worker.clients.claim();
}

async function fetched(path: string, cache: RequestCache): Promise<Response> {
  const response = await fetch(path, { cache });
  if (!response.ok || response.redirected) throw new Error(`${path}: ${response.status}`);
  return response;
}

async function sha256(response: Response): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** From the server while it answers: its page is never older than its API, nor are its security headers. */
async function newest(request: Request, path: string): Promise<Response> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('silence')), PATIENCE_MS);
  });
  const here = async () => caches.match(path, { cacheName: SHELL, ignoreVary: true });
  try {
    const response = await Promise.race([fetch(request), silence]);
    return response.status >= 500 ? ((await here()) ?? response) : response;
  } catch {
    return (await here()) ?? Response.error();
  } finally {
    clearTimeout(timer);
  }
}

/** Its name holds the hash of its content: it is the same wherever it comes from. */
const kept = async (request: Request): Promise<Response> =>
  (await caches.match(request, { ignoreVary: true })) ?? fetch(request);

async function part(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const known = await caches.match(request, { cacheName: PARTS, ignoreVary: true });
  if (known) return known;
  const response = await fetch(request);
  if (response.status === 200) {
    const copy = response.clone();
    // No room is no failure: it comes from the server the next time.
    event.waitUntil(caches.open(PARTS).then((parts) => parts.put(request.url, copy).catch(() => undefined)));
  }
  return response;
}
