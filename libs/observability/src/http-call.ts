import type { Readable } from 'node:stream';
import { type Span, tracer } from './tracing.js';

/** A request to another server, before it is sent. Where to, and nothing of its path: that may say what is wanted. */
export const startHttpCall = (method: string, { protocol, hostname, port }: URL): Span | undefined =>
  tracer()?.start({
    name: method,
    kind: 'client',
    attributes: {
      'http.request.method': method,
      'server.address': hostname,
      'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    },
  });

/** The span ends with the body of the answer, or with the failure to get one. */
export async function endWithAnswer<A extends { statusCode: number; body: Readable }>(
  span: Span | undefined,
  asked: Promise<A>,
): Promise<A> {
  if (!span) return asked;
  try {
    const answer = await asked;
    const { statusCode, body } = answer;
    span.set({ 'http.response.status_code': statusCode });
    let failure: unknown = statusCode >= 400 ? { code: String(statusCode) } : undefined;
    body.once('error', (error) => (failure ??= error));
    body.once('close', () => span.end(failure));
    return answer;
  } catch (error) {
    span.end(error);
    throw error;
  }
}
