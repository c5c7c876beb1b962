import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Paths that belong to programs: there a wrong address is an error and never the web client. */
const NOT_PAGES = /^\/(?:api|v1|files|docs|openapi\.json|metrics|healthz|readyz)(?:[/?]|$)/;

/** A missing file is missing, whoever asks. Deeper down a dot is part of a name: `/explore/qwen3-0.6b`. */
const MISSING_FILE = /^\/(?:assets\/.*|[^/]*\.\w+)$/;

/** Where `npm run build` puts the web client, seen from the sources and from `dist/` alike. */
export function webClientFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, 'apps/web/dist');
}

/**
 * Serves the built web client: hashed assets for a year, all else asked for again each time, `.br` and `.gz` made by the
 * build. Returns what answers page addresses that only the web client's own router knows; false: not one of them.
 */
export async function serveWebClient(
  http: FastifyInstance,
  root: string,
): Promise<(request: FastifyRequest, reply: FastifyReply) => boolean> {
  const built = existsSync(join(root, 'index.html'));
  if (built) {
    await http.register(fastifyStatic, {
      root,
      preCompressed: true,
      dotfiles: 'ignore',
      cacheControl: false,
      setHeaders: (reply, path) => {
        reply.header('cache-control', cachingOf(path));
      },
    });
  }
  return (request, reply) => {
    if (request.method !== 'GET' || NOT_PAGES.test(request.url)) return false;
    if (!request.headers.accept?.includes('text/html')) return false;
    if (MISSING_FILE.test(request.url.split('?', 1)[0] ?? '')) return false;
    if (built) reply.status(200).sendFile('index.html');
    else reply.status(404).type('text/plain; charset=utf-8').send(NOT_BUILT);
    return true;
  };
}

const cachingOf = (path: string) =>
  /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';

const NOT_BUILT = `The web client is not built yet. Build it with

    npm run build

and start the server again. The API works without it: see /docs.
`;
