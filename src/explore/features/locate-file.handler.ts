import { Config } from '@app/config';
import { type DataOf, Handles, type MessageContext, requireActor, type ResultOf } from '@app/messaging';
import { ObjectStorage } from '@app/storage';
import { FileLinks } from '../adapters/file-links.js';
import { LocateFile } from '../contracts/index.js';
import { fileNotFound } from '../domain/adapter-errors.js';
import { StoredFiles } from '../persistence/stored-files.js';

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
    const redirect = presign ? await this.storage.presign(file.key, urlSeconds) : null;
    return { key: file.key, sizeBytes: file.sizeBytes, shared: file.shared, redirect };
  }
}
