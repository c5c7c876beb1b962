import { query } from '@app/messaging';
import { z } from 'zod';
import { Digest } from './views.js';

/** A file that may be downloaded now. */
export const FileView = z
  .object({
    sha256: Digest,
    name: z.string().describe('What it is called when it is saved'),
    sizeBytes: z.number(),
    url: z.string().describe('Signed, good until expiresAt without any other credential; absolute when a CDN delivers'),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'FileView' });
export type FileView = z.infer<typeof FileView>;

/** A fresh URL of a file of a model or an adapter that the caller may see. Throws `explore.file-not-found`. */
export class GetFile extends query('explore.get-file.v1', z.object({ sha256: Digest }), FileView) {}

/**
 * Where the bytes of a file are. Allowed to whoever shows a signature of `GetFile`, or may see the file. Throws
 * `explore.file-not-found`, also for what the caller may not know of, and `explore.link-expired`.
 */
export class LocateFile extends query(
  'explore.locate-file.v1',
  z.object({
    sha256: Digest,
    expires: z.int().optional().describe('Seconds since 1970'),
    signature: z.string().max(100).optional(),
  }),
  z.object({
    key: z.string().describe('In the storage'),
    sizeBytes: z.number(),
    cacheControl: z.string().describe('For the answer with the bytes'),
    redirect: z.string().nullable().describe('A presigned URL of the storage, where the settings ask for that'),
  }),
) {}
