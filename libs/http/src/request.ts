import { DomainError, newId } from '@app/kernel';
import { type Actor, runAs } from '@app/messaging';
import { traceContextOf } from '@app/observability';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from './authenticator.js';
import type { EventStreams } from './event-streams.js';
import { refuseNulInUrl } from './json-body.js';
import type { WrongTokens } from './wrong-tokens.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, when the bearer token said so. Routes that need one are behind the guard. */
    actor: Actor | null;
    /** Code of the error that was answered, for the log. */
    errorCode: string | undefined;
    /** Aborts when the client leaves before the answer's end. */
    client: AbortController | null;
  }
  interface FastifyInstance {
    eventStreams: EventStreams;
    /** The server was told to end, and answers until then. */
    isEnding(): boolean;
  }
}

/** The caller's id of the request if it is a sane one, for logs that span services; else a new one. */
export function requestIdOf(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{8,64}$/.test(given) ? given : newId();
}

export interface RequestWatch {
  started(request: FastifyRequest, reply: FastifyReply): void;
  /** The response is closed: sent to its end, or cut because the client left. */
  ended(request: FastifyRequest, reply: FastifyReply): void;
}

/**
 * What every request goes through: its id is returned, its bearer token becomes an actor, and all that it does (handler,
 * stream, events) runs in a message context with that actor, that id as correlation id, and a signal that aborts when
 * the client leaves.
 */
export function prepareRequests(
  http: FastifyInstance,
  authenticator: Authenticator,
  wrongTokens: WrongTokens,
  watch: RequestWatch,
): void {
  http.decorateRequest('actor', null);
  http.decorateRequest('errorCode', undefined);
  http.decorateRequest('client', null);
  http.decorateRequest('span', undefined);

  http.addHook('onRequest', (request, reply, done) => {
    watch.started(request, reply);
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) request.client?.abort(clientLeft());
      watch.ended(request, reply);
    });
    reply.raw.setHeader('x-request-id', request.id);
    const refused = refuseNulInUrl(request.url);
    if (refused) return done(refused);
    const token = bearerToken(request);
    if (token === null) return done();
    request.actor = authenticator.recall(token) ?? null;
    if (request.actor) return done();
    lookUp(request, token).then(done, done);
  });

  async function lookUp(request: FastifyRequest, token: string): Promise<Error | undefined> {
    const refusal = await wrongTokens.refusal(request.ip);
    if (refusal) return refusal;
    const { traceparent, tracestate } = request.span ?? {};
    const origin = { correlationid: request.id, traceparent, tracestate };
    request.actor = await runAs(origin, () => authenticator.authenticate(token));
    if (!request.actor) await wrongTokens.add(request.ip);
    return undefined;
  }

  // After the body was read: its events come in the context of the socket, which is nobody's.
  http.addHook('preValidation', (request, _reply, done) => {
    request.client = new AbortController();
    const { traceparent, tracestate } = request.span ?? traceContextOf(request.headers);
    runAs(
      {
        actor: request.actor ?? undefined,
        correlationid: request.id,
        traceparent,
        tracestate,
        signal: request.client.signal,
      },
      done,
    );
  });
}

function bearerToken(request: FastifyRequest): string | null {
  const header = request.headers.authorization;
  if (header === undefined || header.length > 4096) return null;
  return /^bearer /i.test(header) ? header.slice(7).trim() || null : null;
}

export const clientLeft = () =>
  new DomainError('cancelled', 'platform.client-left', 'The client closed the connection.');
