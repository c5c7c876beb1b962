import { DomainError } from '@app/kernel';

/** What a call throws when its signal aborted. */
export const cancelled = (cause?: unknown): DomainError =>
  new DomainError('cancelled', 'inference.cancelled', 'The request was cancelled.', undefined, { cause });

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal.reason);
}
