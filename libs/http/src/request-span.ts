import { type Span, traceContextOf, tracer } from '@app/observability';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isQuiet, pathOf, routeOf } from './request-log.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of its whole life, while tracing is on. */
    span: Span | undefined;
  }
}

/** Below what the caller says in `traceparent`; whoever only looks whether we are well makes no traces. */
export function startRequestSpan(request: FastifyRequest): void {
  if (isQuiet(request)) return;
  const { method, protocol, routeOptions } = request;
  request.span = tracer()?.begin(
    {
      name: routeOptions.url ? `${method} ${routeOf(request)}` : method,
      kind: 'server',
      attributes: {
        'http.request.method': method,
        'http.route': routeOptions.url,
        'url.scheme': protocol,
        'url.path': pathOf(request),
        'parley.request.id': request.id,
      },
    },
    traceContextOf(request.headers),
  );
}

export function endRequestSpan({ span, errorCode }: FastifyRequest, { raw }: FastifyReply): void {
  if (!span) return;
  const status = raw.headersSent ? raw.statusCode : undefined;
  span.set({
    'http.response.status_code': status,
    'error.type': errorCode,
    'parley.client.left': raw.writableFinished ? undefined : true,
  });
  span.end(status !== undefined && status >= 500 ? { code: errorCode ?? String(status) } : undefined);
}
