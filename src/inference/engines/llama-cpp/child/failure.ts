import type { ErrorJson, ErrorKind } from '@app/kernel';

/** What a job reports as a DomainError; the child has no use for the class itself. */
export class Failure extends Error {
  readonly json: ErrorJson;

  constructor(kind: ErrorKind, code: string, message: string, details?: Record<string, unknown>) {
    super(message);
    this.json = { kind, code, message, details };
  }
}

export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure('cancelled', 'inference.cancelled', 'The request was cancelled.');
}
