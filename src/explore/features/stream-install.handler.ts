import { type DataOf, Handles, type MessageContext } from '@app/messaging';
import { type InstallView, StreamInstall } from '../contracts/index.js';
import { installNotFound } from '../domain/errors.js';
import { isActive } from '../domain/install.js';
import { Installs } from '../domain/installs.js';
import { InstallFeed } from '../sources/install-feed.js';

/** How often the database is asked when this process hears nothing: the download may run in another one. */
const LOOK_MS = 1000;

@Handles(StreamInstall)
export class StreamInstallHandler {
  constructor(
    private readonly installs: Installs,
    private readonly feed: InstallFeed,
  ) {}

  async *handle({ installId }: DataOf<StreamInstall>, { signal }: MessageContext): AsyncGenerator<InstallView> {
    // Watched before the first look, so that no change falls between the two.
    using watch = this.feed.watch(installId);
    let shown = await this.look(installId);
    yield shown;
    while (isActive(shown.status) && !signal.aborted) {
      const next = (await watch.next(LOOK_MS, signal)) ?? (await this.look(installId));
      // The database lags behind what is shown live.
      if (next.updatedAt < shown.updatedAt || JSON.stringify(next) === JSON.stringify(shown)) continue;
      shown = next;
      yield shown;
    }
  }

  private async look(installId: string): Promise<InstallView> {
    const install = await this.installs.find(installId);
    if (!install) throw installNotFound(installId);
    return install.view();
  }
}
