import { type DataOf, OnEvent } from '@app/messaging';
import { ObjectStorage } from '@app/storage';
import { BrowserModelRemoved } from '../contracts/index.js';
import { BrowserModels } from '../persistence/browser-models.js';

@OnEvent(BrowserModelRemoved, { queue: 'explore.delete-file-on-browser-model-removed', transaction: false })
export class DeleteFileOnBrowserModelRemovedHandler {
  constructor(
    private readonly models: BrowserModels,
    private readonly storage: ObjectStorage,
  ) {}

  async handle({ digest }: DataOf<BrowserModelRemoved>): Promise<void> {
    // Added again meanwhile: the file is wanted.
    if (await this.models.findByDigest(digest)) return;
    const { objects } = await this.storage.list(`browser/${digest}`);
    for (const { key } of objects) await this.storage.delete(key);
  }
}
