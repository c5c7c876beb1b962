import { DomainError } from '@app/kernel';

/** The file is not a model that may be given to a native library. */
export const problem = (code: string, message: string, details?: Record<string, unknown>): DomainError =>
  new DomainError('invalid', `gguf.${code}`, message, details);
