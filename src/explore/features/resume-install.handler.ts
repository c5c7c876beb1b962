import { DomainError } from '@app/kernel';
import { type DataOf, Handles, MessageBus } from '@app/messaging';
import { InstallRequested, type InstallView, ResumeInstall } from '../contracts/index.js';
import { Catalogue } from '../domain/catalogue.js';
import { installNotFound } from '../domain/errors.js';
import { Installs } from '../domain/installs.js';

@Handles(ResumeInstall)
export class ResumeInstallHandler {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly installs: Installs,
    private readonly bus: MessageBus,
  ) {}

  async handle({ installId }: DataOf<ResumeInstall>): Promise<InstallView> {
    const install = await this.installs.find(installId);
    if (!install) throw installNotFound(installId);
    await this.catalogue.get(install.catalogueId);
    if (!install.resume(new Date())) return install.view();
    const other = await this.installs.findActive(install.key);
    if (other)
      throw new DomainError('conflict', 'explore.already-installing', 'Another install of this model is running.', {
        installId: other.id,
      });
    await this.installs.save(install);
    await this.bus.publish(new InstallRequested({ installId }), { stream: `explore.install:${installId}` });
    return install.view();
  }
}
