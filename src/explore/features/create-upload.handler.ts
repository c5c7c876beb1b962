import { Config } from '@app/config';
import { newId } from '@app/kernel';
import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { CreateUpload, type UploadView } from '../contracts/index.js';
import { tooManyUploads, uploadTooLarge } from '../domain/adapter-errors.js';
import { UploadBytes } from '../persistence/upload-bytes.js';
import { toUploadView, Uploads } from '../persistence/uploads.js';

/** Whoever begins an upload also clears what others left behind. */
@Handles(CreateUpload, { transaction: false })
export class CreateUploadHandler {
  constructor(
    private readonly uploads: Uploads,
    private readonly bytes: UploadBytes,
    private readonly config: Config,
  ) {}

  async handle({ fileName, sizeBytes }: DataOf<CreateUpload>, context: MessageContext): Promise<UploadView> {
    const { userId: ownerId } = requireActor(context);
    const { maxBytes, perUser, keptMs } = this.config.explore.uploads;
    if (sizeBytes > maxBytes) throw uploadTooLarge(sizeBytes, maxBytes);
    const createdAt = new Date();
    await this.bytes.remove(await this.uploads.expired(createdAt));
    if ((await this.uploads.countOf(ownerId)) >= perUser) throw tooManyUploads(perUser);
    const expiresAt = new Date(createdAt.getTime() + keptMs);
    const upload = { id: newId(), ownerId, fileName, sizeBytes, receivedBytes: 0, createdAt, expiresAt };
    await this.uploads.add(upload);
    return toUploadView(upload);
  }
}
