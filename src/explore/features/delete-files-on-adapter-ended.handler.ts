import { type DataOf, OnEvent } from '@app/messaging';
import { AdapterConversion } from '../adapters/adapter-conversion.js';
import { AdapterRemoved, AdapterVersionFailed } from '../contracts/index.js';
import { UploadBytes } from '../persistence/upload-bytes.js';

/** A reaction, so that a crash after the end leaves no file behind. */
@OnEvent<AdapterRemoved | AdapterVersionFailed>([AdapterRemoved, AdapterVersionFailed], {
  queue: 'explore.delete-files-on-adapter-ended',
  transaction: false,
})
export class DeleteFilesOnAdapterEndedHandler {
  constructor(
    private readonly conversion: AdapterConversion,
    private readonly uploads: UploadBytes,
  ) {}

  async handle(ended: DataOf<AdapterRemoved> | DataOf<AdapterVersionFailed>): Promise<void> {
    await this.conversion.discard('versionIds' in ended ? ended.versionIds : [ended.versionId]);
    if ('uploadIds' in ended) await this.uploads.remove(ended.uploadIds);
  }
}
