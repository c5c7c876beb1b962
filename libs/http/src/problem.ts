import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { DomainError, type ErrorKind, toDomainError } from '@app/kernel';
import { z } from 'zod';

/** One thing that is wrong with the input: where, and what. */
export interface Issue {
  /** Dotted, e.g. `messages.0.role`; empty for the whole. */
  path: string;
  message: string;
}

/** The body of every error outside `/v1` (RFC 9457, `application/problem+json`). */
export const Problem = z
  .object({
    type: z.string().describe('Always `about:blank`: `code` tells problems apart'),
    title: z.string().describe('What the HTTP status means'),
    status: z.int(),
    detail: z.string().describe('One sentence for a person'),
    code: z.string().describe('Stable, `<module>.<problem>`, for programs'),
    instance: z.string().describe('Id of the request, as in `X-Request-Id` and in the log'),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    details: z.record(z.string(), z.unknown()).optional().describe('What a program can act on: limits, ids, positions'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

/** The only place where a kind of error becomes an HTTP status. */
const statusOfKind: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'rate-limited': 429,
  cancelled: 499, // The client left: nobody reads it, the log does.
  internal: 500,
  unavailable: 503,
  timeout: 504,
};

/** Errors of the HTTP layer itself whose status no kind of error has. */
const statusOfCode: Record<string, number> = {
  'platform.unsupported-media-type': 415,
  'platform.method-not-allowed': 405,
  'platform.url-too-long': 414,
  'platform.request-timeout': 408,
};

const kindOfStatus = new Map(Object.entries(statusOfKind).map(([kind, status]) => [status, kind as ErrorKind]));

export const statusOf = (error: DomainError): number => statusOfCode[error.code] ?? statusOfKind[error.kind];

/** Fastify's own refusals. */
const fastifyErrors: Record<string, [ErrorKind, code: string, message: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['too-large', 'platform.body-too-large', 'The body of the request is too large.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'invalid',
    'platform.unsupported-media-type',
    'Send the body as application/json in UTF-8.',
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid', 'platform.invalid-json', 'The body is not valid JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid', 'platform.invalid-json', 'The body is empty.'],
  FST_ERR_BAD_URL: ['invalid', 'platform.invalid-url', 'The URL is malformed.'],
  FST_ERR_MAX_PARAM_LENGTH: ['invalid', 'platform.url-too-long', 'A part of the URL is too long.'],
};

/** Anything thrown, as the error that the client will be told. What nobody planned for keeps its cause and hides its text. */
export function errorOf(thrown: unknown): DomainError {
  if (thrown instanceof DomainError) return thrown;
  if (thrown instanceof HttpException) return ofStatus(thrown.getStatus(), thrown.message, thrown);
  if (thrown instanceof Error && 'statusCode' in thrown) {
    const { code, statusCode } = thrown as Error & { code?: string; statusCode?: number };
    const known = code === undefined ? undefined : fastifyErrors[code];
    if (known) return new DomainError(...known, undefined, { cause: thrown });
    if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
      return ofStatus(statusCode, thrown.message, thrown);
    }
  }
  return toDomainError(thrown);
}

function ofStatus(status: number, message: string, cause: Error): DomainError {
  const kind = kindOfStatus.get(status) ?? (status < 500 ? 'invalid' : 'internal');
  if (kind === 'internal') return toDomainError(cause);
  return new DomainError(
    kind,
    kind === 'invalid' ? 'platform.invalid-request' : `platform.${kind}`,
    message,
    undefined,
    {
      cause,
    },
  );
}

export function problemOf(error: DomainError, requestId: string): Problem {
  const status = statusOf(error);
  const { issues, ...details } = error.details ?? {};
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Client Closed Request',
    status,
    detail: error.message,
    code: error.code,
    instance: requestId,
    ...(Array.isArray(issues) && { errors: issues as Issue[] }),
    ...(error.kind !== 'internal' && Object.keys(details).length > 0 && { details }),
  };
}

/** The same error as OpenAI's clients read it. */
export function openAiErrorOf(error: DomainError): { error: Record<string, unknown> } {
  const status = statusOf(error);
  const issues = error.details?.['issues'] as Issue[] | undefined;
  const param = error.details?.['param'] ?? issues?.[0]?.path;
  return {
    error: { message: error.message, type: openAiType(status), param: param || null, code: error.code },
  };
}

function openAiType(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status < 500 ? 'invalid_request_error' : 'server_error';
}
