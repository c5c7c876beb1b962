import { command, query } from '@app/messaging';
import { z } from 'zod';

const uploadId = z.uuid();

/** The most bytes of one `AppendUpload`; its `bytes` are base64. Each costs an object, a wait for the disk and a row. */
export const UPLOAD_PIECE_BYTES = 4 * 2 ** 20;

/** A file on its way to this server, piece by piece, in order. Only whoever began it sees it. */
export const UploadView = z
  .object({
    id: z.uuid(),
    fileName: z.string(),
    sizeBytes: z.number(),
    receivedBytes: z.number().describe('Stored for good: an interrupted upload goes on from here'),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().describe('Each piece puts it off; afterwards what came is removed'),
  })
  .meta({ id: 'UploadView' });
export type UploadView = z.infer<typeof UploadView>;

/**
 * Begins an upload. Throws `explore.upload-too-large` and `explore.too-many-uploads`.
 */
export class CreateUpload extends command(
  'explore.create-upload.v1',
  z.object({ fileName: z.string().max(255), sizeBytes: z.int().min(1) }),
  UploadView,
) {}

/**
 * Stores the next piece. Throws `explore.upload-offset` (with `details.receivedBytes`) when it is not the next one, and
 * `explore.upload-too-large` when more comes than was announced.
 */
export class AppendUpload extends command(
  'explore.append-upload.v1',
  z.object({
    uploadId,
    offset: z.int().min(0),
    bytes: z
      .string()
      .max(Math.ceil((UPLOAD_PIECE_BYTES * 4) / 3) + 4)
      .describe('base64'),
  }),
  UploadView,
) {}

/** Removes an upload and what came of it. */
export class DeleteUpload extends command('explore.delete-upload.v1', z.object({ uploadId })) {}

export class GetUpload extends query('explore.get-upload.v1', z.object({ uploadId }), UploadView) {}
