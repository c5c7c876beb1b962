import { Inject } from '@nestjs/common';
import { type DataOf, OnEvent } from '@app/messaging';
import { AdapterRemoved } from '../../explore/contracts/index.js';
import { LocalModels } from '../models/local-models.js';
import { ENGINES, type Engines } from '../models/model-registry.js';

/** Memory and the copy on the disk. Of several processes one hears of it; the others let go when the memory is wanted. */
@OnEvent(AdapterRemoved, { queue: 'inference.unload-on-adapter-removed', transaction: false })
export class UnloadOnAdapterRemovedHandler {
  constructor(
    private readonly files: LocalModels,
    @Inject(ENGINES) private readonly engines: Engines,
  ) {}

  async handle({ sha256, versionIds }: DataOf<AdapterRemoved>): Promise<void> {
    for (const digest of sha256) {
      for (const path of this.files.adapterPaths(digest, versionIds)) await this.engines.local.unloadAdapter(path);
      await this.files.forgetAdapter(digest);
    }
  }
}
