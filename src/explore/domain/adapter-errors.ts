import { DomainError } from '@app/kernel';

export const uploadNotFound = (uploadId: string) =>
  new DomainError('not-found', 'explore.upload-not-found', 'There is no such upload, or it has expired.', { uploadId });

export const uploadTooLarge = (sizeBytes: number, mostBytes: number) =>
  new DomainError('too-large', 'explore.upload-too-large', 'The file is larger than uploads may be.', {
    sizeBytes,
    mostBytes,
  });

export const uploadOverflow = (sizeBytes: number) =>
  new DomainError('too-large', 'explore.upload-too-large', 'More bytes came than were announced.', { sizeBytes });

export const uploadOffset = (receivedBytes: number) =>
  new DomainError('conflict', 'explore.upload-offset', 'This is not the next piece of the file.', { receivedBytes });

export const tooManyUploads = (most: number) =>
  new DomainError('conflict', 'explore.too-many-uploads', 'Too many uploads are open. Finish or remove one first.', {
    most,
  });

export const uploadIncomplete = (uploadId: string) =>
  new DomainError('conflict', 'explore.upload-incomplete', 'The upload is not complete yet.', { uploadId });

export const adapterNotFound = (adapterId: string) =>
  new DomainError('not-found', 'explore.adapter-not-found', 'There is no such adapter.', { adapterId });

export const adapterNotReady = (adapterId: string) =>
  new DomainError('conflict', 'explore.adapter-not-ready', 'The adapter has no version that can be loaded yet.', {
    adapterId,
  });

export const adapterNoGguf = (adapterId: string) =>
  new DomainError('conflict', 'explore.adapter-no-gguf', 'This adapter is for models in the browser alone.', {
    adapterId,
  });

export const tooManyAdapters = (most: number) =>
  new DomainError('conflict', 'explore.too-many-adapters', 'You have as many adapters as you may. Delete one first.', {
    most,
  });

export const baseNotInstalled = (digest: string | null) =>
  new DomainError('conflict', 'explore.adapter-base-not-installed', 'The base model of the adapter is not installed.', {
    digest,
  });

export const wrongFiles = (reason: string) => new DomainError('invalid', 'explore.adapter-files', reason);

export const adapterGone = () =>
  new DomainError('cancelled', 'explore.adapter-gone', 'The adapter was deleted, or another worker converts it.');

export const fileNotFound = (sha256: string) =>
  new DomainError('not-found', 'explore.file-not-found', 'There is no such file.', { sha256 });

export const linkExpired = () =>
  new DomainError('forbidden', 'explore.link-expired', 'This link is not good any more. Ask for a fresh one.');

export const modelExists = (id: string) =>
  new DomainError('conflict', 'explore.model-exists', 'There is already a model of this name or with this file.', {
    id,
  });
