import { type DataOf, Handles, type MessageContext, requireActor } from '@app/messaging';
import { FileLinks } from '../adapters/file-links.js';
import { type FileView, GetFile } from '../contracts/index.js';
import { fileNotFound } from '../domain/adapter-errors.js';
import { StoredFiles } from '../persistence/stored-files.js';

@Handles(GetFile)
export class GetFileHandler {
  constructor(
    private readonly files: StoredFiles,
    private readonly links: FileLinks,
  ) {}

  async handle({ sha256 }: DataOf<GetFile>, context: MessageContext): Promise<FileView> {
    const file = await this.files.find(sha256, requireActor(context));
    if (!file) throw fileNotFound(sha256);
    const { expiresAt, urlOf } = await this.links.maker();
    const { name, sizeBytes } = file;
    return { sha256, name, sizeBytes, url: urlOf(file), expiresAt: expiresAt.toISOString() };
  }
}
