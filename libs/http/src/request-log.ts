import { Logger } from '@nestjs/common';
import { histogram, logFieldsOf } from '@app/observability';
import type { FastifyReply, FastifyRequest } from 'fastify';

const logger = new Logger('Http');

const durations = histogram('http_request_duration_seconds', 'Time to answer, streams to their end', [
  'method',
  'route',
  'status',
]);

const QUIET = new Set<string | undefined>(['/healthz', '/readyz', '/metrics']);

/** Asked all the time, by machines. */
export const isQuiet = ({ routeOptions }: FastifyRequest): boolean => QUIET.has(routeOptions.url);
export const routeOf = ({ routeOptions }: FastifyRequest): string => routeOptions.url ?? 'none';
/** Without its query. */
export const pathOf = ({ url }: FastifyRequest): string | undefined => url.split('?', 1)[0];

/** One line a request, when it ends. Paths without their query and never a header: no secret can be in it. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const route = routeOf(request);
  const status = reply.raw.statusCode;
  const ms = reply.elapsedTime;
  durations.observe({ method: request.method, route, status }, ms / 1000);
  const line = {
    msg: 'Request',
    requestId: request.id,
    method: request.method,
    path: pathOf(request),
    status,
    ms: Math.round(ms * 10) / 10,
    ...(request.actor && { userId: request.actor.userId }),
    ...(request.errorCode && { code: request.errorCode }),
    ...(!reply.raw.writableFinished && { aborted: true }),
    ...(request.span && logFieldsOf(request.span)),
  };
  if (isQuiet(request)) logger.debug(line);
  else logger.log(line);
}
