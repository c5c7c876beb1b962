import { DomainError } from '@app/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problem.filter.js';

export type NotFoundHandler = (request: FastifyRequest, reply: FastifyReply) => void;

/** Remembers the routes, so that a known path with a wrong method is told from an unknown path. */
export class KnownRoutes {
  private readonly routes: { method: string; segments: string[] }[] = [];

  constructor(http: FastifyInstance) {
    http.addHook('onRoute', ({ method, url }) => {
      // The web client's catch-all answers "not found" itself.
      if (url.endsWith('*')) return;
      for (const one of [method].flat()) this.routes.push({ method: one, segments: segmentsOf(url) });
    });
  }

  /** Methods that this path knows; empty for an unknown path. */
  methodsOf(path: string): string[] {
    const segments = segmentsOf(path);
    const found = this.routes.filter(
      (route) =>
        route.segments.length === segments.length &&
        route.segments.every((segment, i) => segment.startsWith(':') || segment === segments[i]),
    );
    return [...new Set(found.map((route) => route.method))].sort();
  }
}

const segmentsOf = (path: string) => path.split('/').filter((segment) => segment !== '');

export function notFoundHandler(
  routes: KnownRoutes,
  fallback: (request: FastifyRequest, reply: FastifyReply) => boolean,
) {
  return (request: FastifyRequest, reply: FastifyReply): void => {
    if (fallback(request, reply)) return;
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = routes.methodsOf(path);
    if (methods.length > 0 && !methods.includes(request.method)) {
      reply.header('allow', methods.join(', '));
      sendProblem(request, reply, methodNotAllowed(request.method));
    } else {
      sendProblem(
        request,
        reply,
        new DomainError('not-found', 'platform.not-found', 'There is nothing at this address.'),
      );
    }
  };
}

const methodNotAllowed = (method: string) =>
  new DomainError('invalid', 'platform.method-not-allowed', `This address does not know ${method}.`);
