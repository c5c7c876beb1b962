import { Config } from '@app/config';
import { type DataOf, Handles, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { ObjectStorage, type PresignedHeaders } from '@app/storage';
import { FileLinks } from '../adapters/file-links.js';
import { LocateFile } from '../contracts/index.js';
import { fileNotFound } from '../domain/adapter-errors.js';
import { type StoredFile, StoredFiles } from '../persistence/stored-files.js';

@Handles(LocateFile)
export class LocateFileHandler {
  constructor(
    private readonly files: StoredFiles,
    private readonly links: FileLinks,
    private readonly storage: ObjectStorage,
    private readonly config: Config,
  ) {}

  async handle(
    { sha256, expires, signature }: DataOf<LocateFile>,
    context: MessageContext,
  ): Promise<ResultOf<LocateFile>> {
    const linked = expires !== undefined && signature !== undefined;
    if (linked) await this.links.check(sha256, expires, signature);
    const file = await this.files.find(sha256, linked ? null : requireActor(context));
    if (!file) throw fileNotFound(sha256);
    const { presign, urlSeconds } = this.config.delivery;
    const redirect = presign ? await this.storage.presign(file.key, urlSeconds, headersOf(file)) : null;
    return { key: file.key, sizeBytes: file.sizeBytes, cacheControl: cacheControlOf(file), redirect };
  }
}

/** Weights do not compress; what only some may see is no business of a shared cache. */
const cacheControlOf = ({ shared }: StoredFile): string =>
  `${shared ? 'public' : 'private'}, max-age=31536000, immutable, no-transform`;

const headersOf = (file: StoredFile): PresignedHeaders => ({
  cacheControl: cacheControlOf(file),
  contentDisposition: `attachment; filename="${file.name.replace(/[^\w.-]/g, '_')}"`,
  contentType: 'application/octet-stream',
});
