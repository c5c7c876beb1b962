import { Config } from '@app/config';
import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { AppendUpload, type UploadView } from '../contracts/index.js';
import { uploadNotFound, uploadOffset, uploadOverflow } from '../domain/adapter-errors.js';
import { UploadBytes } from '../persistence/upload-bytes.js';
import { toUploadView, Uploads } from '../persistence/uploads.js';

/** Stored first, then counted: a crash in between leaves a piece that nobody knows, and an upload that is right. */
@Handles(AppendUpload, { transaction: false })
export class AppendUploadHandler {
  constructor(
    private readonly uploads: Uploads,
    private readonly bytes: UploadBytes,
    private readonly config: Config,
  ) {}

  async handle(
    { uploadId, offset, bytes: base64 }: DataOf<AppendUpload>,
    context: MessageContext,
  ): Promise<UploadView> {
    const { userId } = requireActor(context);
    const upload = await this.uploads.find(uploadId, new Date());
    if (upload?.ownerId !== userId) throw uploadNotFound(uploadId);
    if (offset !== upload.receivedBytes) throw uploadOffset(upload.receivedBytes);
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length === 0) return toUploadView(upload);
    if (offset + bytes.length > upload.sizeBytes) throw uploadOverflow(upload.sizeBytes);
    const key = await this.bytes.put(uploadId, bytes, context.signal);
    const expiresAt = new Date(Date.now() + this.config.explore.uploads.keptMs);
    const grown = await this.uploads.append(uploadId, offset, { key, bytes: bytes.length }, expiresAt);
    if (grown) return toUploadView(grown);
    await this.bytes.forget(key);
    const now = await this.uploads.find(uploadId, new Date());
    throw now ? uploadOffset(now.receivedBytes) : uploadNotFound(uploadId);
  }
}
