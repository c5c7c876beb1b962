import { Logger } from '@nestjs/common';
import { histogram } from '@app/observability';
import type { FastifyReply, FastifyRequest } from 'fastify';

const logger = new Logger('Http');

const durations = histogram('http_request_duration_seconds', 'Time to answer, streams to their end', [
  'method',
  'route',
  'status',
]);

const QUIET = new Set(['/healthz', '/readyz', '/metrics']);

/** One line a request, when it ends. Paths without their query and never a header: no secret can be in it. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? 'none';
  const status = reply.raw.statusCode;
  const ms = reply.elapsedTime;
  durations.observe({ method: request.method, route, status }, ms / 1000);
  const line = {
    msg: 'Request',
    requestId: request.id,
    method: request.method,
    path: request.url.split('?', 1)[0],
    status,
    ms: Math.round(ms * 10) / 10,
    ...(request.actor && { userId: request.actor.userId }),
    ...(request.errorCode && { code: request.errorCode }),
    ...(!reply.raw.writableFinished && { aborted: true }),
  };
  if (QUIET.has(route)) logger.debug(line);
  else logger.log(line);
}
