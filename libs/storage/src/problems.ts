import { DomainError } from '@app/kernel';

export const invalidKey = (key: string) =>
  new DomainError('invalid', 'storage.invalid-key', 'This is no key of a stored object.', { key: key.slice(0, 100) });

export const notFound = (key: string) =>
  new DomainError('not-found', 'storage.not-found', 'There is no such object in the storage.', { key });

export const wrongDigest = (expected: string, actual: string) =>
  new DomainError('invalid', 'storage.wrong-digest', 'The bytes are not the expected ones: their SHA-256 differs.', {
    expected,
    actual,
  });

export const wrongSize = (expected: number, actual: number) =>
  new DomainError('invalid', 'storage.wrong-size', `There were ${actual} bytes where ${expected} were expected.`, {
    expected,
    actual,
  });

export const storageFull = (cause: unknown) =>
  new DomainError('unavailable', 'storage.full', 'There is no room left in the storage.', undefined, { cause });

export const storageUnavailable = (reason: string, cause: unknown) =>
  new DomainError(
    'unavailable',
    'storage.unavailable',
    `The storage cannot be used: ${reason}.`,
    { reason },
    { cause },
  );
