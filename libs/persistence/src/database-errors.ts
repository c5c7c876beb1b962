import { DomainError } from '@app/kernel';

const DISK_FULL = new Set(['53100', 'ENOSPC', 'EDQUOT']);
/** A text with NUL, or one that is no Unicode: PostgreSQL stores neither. */
const UNSTORABLE_TEXT = new Set(['22021', '22P05']);
/** The server ends or starts, has no connection left, or the network to it is gone. */
const UNREACHABLE = /^(08\w{3}|57P0[1-3]|53300|ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE)$/;
/** What pg says without a code. */
const UNREACHABLE_TEXT = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a)/;

/** What a caller can act on as a `DomainError`; everything else, a violated constraint for example, as it is. */
export function asDomainError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DomainError) return error;
  const code = codeOf(error);
  if (DISK_FULL.has(code) || /No space left on device/.test(error.message)) {
    return new DomainError(
      'unavailable',
      'platform.disk-full',
      'The disk of the database is full. Make room, then try again.',
      undefined,
      { cause: error },
    );
  }
  if (UNSTORABLE_TEXT.has(code)) {
    return new DomainError(
      'invalid',
      'platform.unstorable-text',
      'The text holds a character that cannot be stored.',
      undefined,
      { cause: error },
    );
  }
  if (UNREACHABLE.test(code) || UNREACHABLE_TEXT.test(error.message) || endsTheSession(error)) {
    return new DomainError(
      'unavailable',
      'platform.database-unreachable',
      'The database does not answer. Is it running, and does DATABASE_URL name it?',
      undefined,
      { cause: error },
    );
  }
  return error;
}

/** Node wraps the failures of several addresses of one name. */
function codeOf(error: Error & { code?: unknown; errors?: unknown }): string {
  if (typeof error.code === 'string') return error.code;
  const first: unknown = Array.isArray(error.errors) ? error.errors[0] : undefined;
  return first instanceof Error ? codeOf(first) : '';
}

/** Whether the server refused a statement, and its connection is as good as before. */
export const toldByServer = (error: unknown): boolean =>
  error instanceof Error && 'severity' in error && error.severity === 'ERROR';

const endsTheSession = (error: Error): boolean =>
  'severity' in error && (error.severity === 'FATAL' || error.severity === 'PANIC');
