import type { ErrorJson, ErrorKind } from '@app/kernel';

/** What a job reports as a DomainError; the child has no use for the class itself. */
export class Failure extends Error {
  readonly json: ErrorJson;

  constructor(kind: ErrorKind, code: string, message: string, details?: Record<string, unknown>) {
    super(message);
    this.json = { kind, code, message, details };
  }
}

export const cancelled = (): Failure => new Failure('cancelled', 'inference.cancelled', 'The request was cancelled.');
