import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { DeleteUpload } from '../contracts/index.js';
import { uploadNotFound } from '../domain/adapter-errors.js';
import { UploadBytes } from '../persistence/upload-bytes.js';
import { Uploads } from '../persistence/uploads.js';

@Handles(DeleteUpload, { transaction: false })
export class DeleteUploadHandler {
  constructor(
    private readonly uploads: Uploads,
    private readonly bytes: UploadBytes,
  ) {}

  async handle({ uploadId }: DataOf<DeleteUpload>, context: MessageContext): Promise<void> {
    const upload = await this.uploads.find(uploadId, new Date());
    if (upload?.ownerId !== requireActor(context).userId) throw uploadNotFound(uploadId);
    await this.bytes.remove([uploadId]);
  }
}
