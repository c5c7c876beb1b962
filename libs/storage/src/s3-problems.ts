import { S3ServiceException } from '@aws-sdk/client-s3';
import { DomainError } from '@app/kernel';
import { storageFull, storageUnavailable } from './problems.js';

export const isMissing = (error: unknown): boolean =>
  error instanceof S3ServiceException && ['NoSuchKey', 'NotFound'].includes(error.name);

/** What the server or the connection says, in the terms of the port; an aborted signal's own reason first. */
export async function translated<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DomainError) throw error;
    if (error instanceof S3ServiceException) {
      if (['QuotaExceeded', 'InsufficientStorage', 'XMinioStorageFull'].includes(error.name)) throw storageFull(error);
      throw storageUnavailable(`${error.name} (${error.$metadata.httpStatusCode ?? 'no answer'})`, error);
    }
    const { code, name } = error as NodeJS.ErrnoException;
    if (code ?? ['TimeoutError', 'CredentialsProviderError'].includes(name))
      throw storageUnavailable(code ?? name, error);
    throw error;
  }
}
