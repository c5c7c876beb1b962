import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { DomainError } from '@app/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorOf, openAiErrorOf, problemOf, statusOf } from './problem.js';

const logger = new Logger('Http');

/** Whether this path is read by OpenAI's clients, which know only their own error shape. */
export const isOpenAiPath = (url: string): boolean => url.startsWith('/v1/') || url === '/v1';

/** Answers with any error, from wherever it came: a handler, a guard, the parser, the router. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, thrown: unknown): void {
  const error = errorOf(thrown);
  const status = statusOf(error);
  request.errorCode = error.code;
  if (status >= 500) logFailure(request, error, status);
  // An SSE stream says it in its own way; here only the socket could be cut.
  if (reply.sent || reply.raw.headersSent) return;

  const after = error.details?.['retryAfterSeconds'];
  if (typeof after === 'number') reply.header('retry-after', Math.max(1, Math.ceil(after)));
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  reply.status(status).header('cache-control', 'no-store');
  if (isOpenAiPath(request.url)) {
    reply.type('application/json; charset=utf-8').send(JSON.stringify(openAiErrorOf(error)));
  } else {
    reply.type('application/problem+json; charset=utf-8').send(JSON.stringify(problemOf(error, request.id)));
  }
}

function logFailure(request: FastifyRequest, error: DomainError, status: number): void {
  const fields = { requestId: request.id, code: error.code, status, route: request.routeOptions.url };
  // What is merely unavailable says all in its message; only the unplanned needs a stack.
  if (error.kind !== 'internal') logger.warn({ msg: error.message, ...fields });
  else logger.error({ msg: 'Unexpected error', ...fields, err: error.cause ?? error });
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), thrown);
  }
}
