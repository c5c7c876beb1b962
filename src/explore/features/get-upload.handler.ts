import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { GetUpload, type UploadView } from '../contracts/index.js';
import { uploadNotFound } from '../domain/adapter-errors.js';
import { toUploadView, Uploads } from '../persistence/uploads.js';

@Handles(GetUpload)
export class GetUploadHandler {
  constructor(private readonly uploads: Uploads) {}

  async handle({ uploadId }: DataOf<GetUpload>, context: MessageContext): Promise<UploadView> {
    const upload = await this.uploads.find(uploadId, new Date());
    if (upload?.ownerId !== requireActor(context).userId) throw uploadNotFound(uploadId);
    return toUploadView(upload);
  }
}
