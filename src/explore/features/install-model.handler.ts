import { DomainError } from '@app/kernel';
import { type DataOf, Handles, MessageBus } from '@app/messaging';
import { InstallModel, InstallRequested, type InstallView } from '../contracts/index.js';
import { Catalogue } from '../domain/catalogue.js';
import { Install } from '../domain/install.js';
import { Installs } from '../domain/installs.js';
import { InstalledModels } from '../persistence/installed-models.js';

@Handles(InstallModel)
export class InstallModelHandler {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly installs: Installs,
    private readonly models: InstalledModels,
    private readonly bus: MessageBus,
  ) {}

  async handle({ catalogueId }: DataOf<InstallModel>): Promise<InstallView> {
    const entry = await this.catalogue.get(catalogueId);
    const latest = await this.installs.latestOf(entry.id);
    const { status, digest } = latest?.snapshot ?? {};
    if (latest && status === 'installed' && digest && (await this.models.findByDigest(digest))) return latest.view();

    const install = Install.request(entry, new Date());
    if (await this.installs.add(install)) {
      await this.bus.publish(new InstallRequested({ installId: install.id }), {
        stream: `explore.install:${install.id}`,
      });
      return install.view();
    }
    const running = await this.installs.findActive(install.key);
    if (running) return running.view();
    // The other one ended between the two looks.
    throw new DomainError(
      'conflict',
      'explore.install-changed',
      'Another install of this model has just ended. Try again.',
    );
  }
}
