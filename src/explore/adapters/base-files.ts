import { Injectable } from '@nestjs/common';
import type { ByteSource } from '@app/gguf';
import { type GgufBase, type MediaPipeBase, readGgufBase, readMediaPipeBase } from '@app/lora';
import { ObjectStorage } from '@app/storage';
import { baseNotInstalled } from '../domain/adapter-errors.js';
import { BrowserModels } from '../persistence/browser-models.js';
import { InstalledModels } from '../persistence/installed-models.js';

/** What adapters must know of the installed models that they are for. */
@Injectable()
export class BaseFiles {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly models: InstalledModels,
    private readonly browserModels: BrowserModels,
  ) {}

  /** @throws DomainError explore.adapter-base-not-installed */
  async require(digest: string | null, browserDigest: string | null): Promise<void> {
    if (digest && !(await this.models.findByDigest(digest))) throw baseNotInstalled(digest);
    if (browserDigest && !(await this.browserModels.findByDigest(browserDigest))?.lora)
      throw baseNotInstalled(browserDigest);
    if (!digest && !browserDigest) throw baseNotInstalled(null);
  }

  async gguf(digest: string): Promise<GgufBase> {
    if (!(await this.models.findByDigest(digest))) throw baseNotInstalled(digest);
    return readGgufBase(await this.open(`${digest}.gguf`, digest));
  }

  async mediaPipe(digest: string): Promise<MediaPipeBase> {
    const model = await this.browserModels.findByDigest(digest);
    if (!model) throw baseNotInstalled(digest);
    return readMediaPipeBase(await this.open(model.key, digest));
  }

  private async open(key: string, digest: string): Promise<ByteSource> {
    const object = await this.storage.stat(key);
    if (!object) throw baseNotInstalled(digest);
    const read = async (from: number, length: number) => {
      const chunks: Buffer[] = [];
      for await (const chunk of this.storage.get(key, { from, length })) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks);
    };
    return { size: object.sizeBytes, read };
  }
}
