/** What went wrong, in the terms of a caller. `libs/http` alone maps a kind to an HTTP status. */
export type ErrorKind =
  | 'invalid' // the caller's input cannot be accepted
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict' // the state does not allow it (or another writer was first)
  | 'too-large'
  | 'rate-limited'
  | 'cancelled'
  | 'unavailable' // a needed part is absent or overloaded; a later try may work
  | 'timeout'
  | 'internal';

/**
 * The one error that business code throws. It crosses process boundaries as plain JSON.
 *
 * @param code stable, `<module>.<problem>`, e.g. `chat.conversation-not-found`
 * @param message one readable English sentence for the person or program that called
 * @param details plain JSON that a program can act on (limits, positions, ids); never secrets
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    readonly details?: Record<string, unknown>,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  toJSON(): ErrorJson {
    return { kind: this.kind, code: this.code, message: this.message, ...(this.details && { details: this.details }) };
  }

  static fromJSON({ kind, code, message, details }: ErrorJson): DomainError {
    return new DomainError(kind, code, message, details);
  }
}

export interface ErrorJson {
  kind: ErrorKind;
  code: string;
  message: string;
  details?: Record<string, unknown>;
}

/** Any thrown value as a `DomainError`; what is not one becomes `internal` without leaking its text. */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  return new DomainError('internal', 'platform.internal', 'Something went wrong on the server.', undefined, {
    cause: error,
  });
}
