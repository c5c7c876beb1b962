import { type DataOf, OnEvent } from '@app/messaging';
import { ModelRemoved } from '../contracts/index.js';
import { Installs } from '../domain/installs.js';
import { InstalledModels } from '../persistence/installed-models.js';
import { ModelFiles } from '../persistence/model-files.js';
import { RunningInstalls } from '../sources/running-installs.js';

/** A reaction, so that a crash after the removal leaves no file behind; a file in use is tried again later. */
@OnEvent(ModelRemoved, { queue: 'explore.delete-file-on-model-removed', transaction: false })
export class DeleteFileOnModelRemovedHandler {
  constructor(
    private readonly models: InstalledModels,
    private readonly installs: Installs,
    private readonly files: ModelFiles,
    private readonly running: RunningInstalls,
  ) {}

  async handle({ digest }: DataOf<ModelRemoved>): Promise<void> {
    await this.running.exclusive(digest, async () => {
      // Installed again meanwhile, or about to be: the file is wanted.
      if ((await this.models.findByDigest(digest)) || (await this.installs.findActive(digest))) return;
      await this.files.remove(digest);
    });
  }
}
