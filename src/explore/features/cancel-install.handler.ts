import { type DataOf, Handles, MessageBus } from '@app/messaging';
import { Database } from '@app/persistence';
import { CancelInstall, InstallCancelled, type InstallView } from '../contracts/index.js';
import { installCancelled, installNotFound } from '../domain/errors.js';
import { Installs } from '../domain/installs.js';
import { InstallFeed } from '../sources/install-feed.js';
import { RunningInstalls } from '../sources/running-installs.js';

@Handles(CancelInstall)
export class CancelInstallHandler {
  constructor(
    private readonly installs: Installs,
    private readonly running: RunningInstalls,
    private readonly feed: InstallFeed,
    private readonly db: Database,
    private readonly bus: MessageBus,
  ) {}

  async handle({ installId }: DataOf<CancelInstall>): Promise<InstallView> {
    const install = await this.installs.find(installId);
    if (!install) throw installNotFound(installId);
    if (!install.cancel(new Date())) return install.view();
    await this.installs.save(install);
    await this.bus.publish(new InstallCancelled({ installId }), { stream: `explore.install:${installId}` });
    const view = install.view();
    this.db.afterCommit(() => {
      // A download in another process finds out when it next stores its progress.
      this.running.stop(installId, installCancelled());
      this.feed.publish(view);
    });
    return view;
  }
}
