import { DomainError } from '@app/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IssuedSession, SessionView } from '../contracts/index.js';

const NAME = 'parley_refresh';

const attributes = (request: FastifyRequest) => ({
  path: '/api/auth',
  httpOnly: true,
  sameSite: 'strict' as const,
  // Plain HTTP is how a server at home is reached; a browser would not keep a secure cookie there.
  secure: request.protocol === 'https',
});

/** The session for the page, its renewal for the cookie jar. */
export function answerWith(issued: IssuedSession, request: FastifyRequest, reply: FastifyReply): SessionView {
  reply.header('cache-control', 'no-store');
  reply.setCookie(NAME, issued.refreshToken, { ...attributes(request), expires: new Date(issued.refreshExpiresAt) });
  return issued.session;
}

export function clearRefreshCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(NAME, attributes(request));
}

/**
 * The cookie of a request that a page of this site made on purpose. `SameSite=Strict` keeps other sites' requests from
 * having it; a header that a form cannot set, and that a script of another site may not, holds where it does not.
 */
export function refreshTokenOf(request: FastifyRequest): string | undefined {
  const { headers } = request;
  const deliberate =
    headers['x-requested-with'] !== undefined || /^application\/json\b/i.test(headers['content-type'] ?? '');
  const site = headers['sec-fetch-site'];
  if (!deliberate || site === 'cross-site' || site === 'same-site') {
    throw new DomainError(
      'forbidden',
      'auth.cross-site-request',
      'Send the header X-Requested-With with this request.',
    );
  }
  const cookies = request.server.parseCookie(headers.cookie ?? '');
  return cookies[NAME] || undefined;
}
