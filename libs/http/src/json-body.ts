import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { DomainError } from '@app/kernel';
import { RouteConfig } from '@nestjs/platform-fastify';
import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify';

type Done = (error: Error | null, body?: unknown) => void;

/**
 * JSON is the only body that is read, in UTF-8 only; `__proto__` and `constructor.prototype` keys are refused. An empty
 * body is no body, as clients send `Content-Type: application/json` with everything.
 */
export function acceptJsonOnly(http: FastifyInstance, bodyLimit: number): void {
  // Text and forms are what a page of another site can send without asking: refusing them is half of the CSRF defence.
  http.removeAllContentTypeParsers();
  const parse = http.getDefaultJsonParser('error', 'error') as (
    request: FastifyRequest,
    body: string,
    done: Done,
  ) => void;
  const parser = (request: FastifyRequest, bytes: Buffer, done: Done): void => {
    if (bytes.length === 0) return done(null, undefined);
    if (!isUtf8(bytes)) return done(notUtf8());
    const text = bytes.toString('utf8');
    parse(request, text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, (error, body) => {
      if (error) return done(error);
      done(mayHoldUnstorable(text) && holdsUnstorable(body) ? unstorable() : null, body);
    });
  };
  for (const type of ['application/json', /^application\/[\w.-]+\+json(?:;|$)/]) {
    http.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit }, parser);
  }
  const ignore = (request: FastifyRequest, _bytes: Buffer, done: Done): void => {
    const { acceptsForm } = request.routeOptions.config as { acceptsForm?: boolean };
    done(acceptsForm ? null : new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE(request.headers['content-type'] ?? ''));
  };
  for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data']) {
    http.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit: FORM_LIMIT }, ignore);
  }
  http.addContentTypeParser(BYTES, (request: FastifyRequest, payload: IncomingMessage, done: Done): void => {
    const { acceptsBytes } = request.routeOptions.config as { acceptsBytes?: boolean };
    if (acceptsBytes) done(null, payload);
    else done(new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE(BYTES));
  });
}

/** The type of a piece of a file in tus, the protocol of resumable uploads. No page of another site can send it unasked. */
const BYTES = 'application/offset+octet-stream';

/** The body of this route is a piece of a file: `request.body` is the stream of its bytes, however many. */
export const AcceptsBytes = () => RouteConfig({ acceptsBytes: true });

/** Room for the few words of a form that is not read. */
const FORM_LIMIT = 4096;

/**
 * A form may be posted to this route; what is in it is not read. Only for routes where the URL alone proves that the
 * request is meant: a page of another site can post a form, too.
 */
export const AcceptsForm = () => RouteConfig({ acceptsForm: true });

/** `%00` in a URL would reach a query as a character that PostgreSQL cannot hold. */
export const refuseNulInUrl = (url: string): DomainError | null => (url.includes('%00') ? unstorable() : null);

const notUtf8 = () => new DomainError('invalid', 'platform.invalid-encoding', 'The body is not valid UTF-8.');

const unstorable = () =>
  new DomainError(
    'invalid',
    'platform.invalid-text',
    'Text must not hold the character U+0000 or half a surrogate pair.',
  );

// Only escapes can bring them in: raw, they are not UTF-8 (surrogates) or not JSON (U+0000).
const mayHoldUnstorable = (json: string): boolean => /\\u(?:0000|[dD][89a-fA-F])/.test(json);

// Not recursive: a body nested a hundred thousand deep is no reason to run out of stack.
function holdsUnstorable(body: unknown): boolean {
  const rest = [body];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value === 'string') {
      if (value.includes('\0') || !value.isWellFormed()) return true;
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) rest.push(key, item);
    }
  }
  return false;
}
