import { Logger } from '@nestjs/common';
import { DomainError, toDomainError } from '@app/kernel';
import { type DataOf, type MessageContext, MessageBus, OnEvent } from '@app/messaging';
import { Database } from '@app/persistence';
import { InstallFailed, InstallRequested, ModelInstalled } from '../contracts/index.js';
import { Catalogue, type CatalogueEntry } from '../domain/catalogue.js';
import { installCancelled } from '../domain/errors.js';
import type { Install } from '../domain/install.js';
import { Installs } from '../domain/installs.js';
import { modelIdOf } from '../domain/model-id.js';
import { InstalledModels } from '../persistence/installed-models.js';
import { InstallFeed } from '../sources/install-feed.js';
import { InstallProgress } from '../sources/install-progress.js';
import { type Downloaded, ModelDownload } from '../sources/model-download.js';
import { RunningInstalls } from '../sources/running-installs.js';

/** A defect of ours is tried so often before it is told as a failed install. */
const ATTEMPTS_OF_A_DEFECT = 3;

/**
 * Fetches, checks and registers the model. Delivered again after a crash or a shutdown, it goes on with the partial
 * file. What a source refuses is a failed install, not a failed reaction.
 */
@OnEvent(InstallRequested, {
  queue: 'explore.download-on-install-requested',
  transaction: false,
  concurrency: 2,
  attempts: 20,
})
export class DownloadOnInstallRequestedHandler {
  private readonly logger = new Logger('Explore');

  constructor(
    private readonly catalogue: Catalogue,
    private readonly installs: Installs,
    private readonly models: InstalledModels,
    private readonly download: ModelDownload,
    private readonly running: RunningInstalls,
    private readonly feed: InstallFeed,
    private readonly db: Database,
    private readonly bus: MessageBus,
  ) {}

  async handle({ installId }: DataOf<InstallRequested>, context: MessageContext): Promise<void> {
    const known = await this.installs.find(installId);
    if (!known?.active) return;
    await this.running.run(installId, context.signal, (stop) =>
      this.running.exclusive(known.key, () => this.install(installId, stop, context)),
    );
  }

  private async install(installId: string, stop: AbortController, context: MessageContext): Promise<void> {
    const install = await this.installs.find(installId);
    if (!install?.active) return;
    install.begin(new Date());
    if (!(await this.installs.save(install))) return;
    try {
      const entry = await this.catalogue.get(install.catalogueId);
      const downloaded = await this.follow(entry, install, stop);
      await this.register(entry, downloaded, install);
      this.logger.log(`${entry.name} is installed.`);
    } catch (error) {
      context.signal.throwIfAborted();
      // Stopped from outside: whoever did it has written down why.
      if (stop.signal.aborted && stop.signal.reason instanceof DomainError) return;
      if (!(error instanceof DomainError) && context.deliveryAttempt < ATTEMPTS_OF_A_DEFECT) throw error;
      await this.fail(install.id, error);
    }
    const ended = await this.installs.find(installId);
    if (ended) this.feed.publish(ended.view());
  }

  private async follow(entry: CatalogueEntry, install: Install, stop: AbortController): Promise<Downloaded> {
    await using progress = new InstallProgress(install, this.installs, this.feed, stop);
    progress.show();
    return await this.download.run(entry, stop.signal, progress);
  }

  private async register(entry: CatalogueEntry, { digest, sizeBytes, header }: Downloaded, install: Install) {
    const { architecture, contextLength, license } = header;
    const now = new Date();
    install.complete(digest, now);
    await this.db.transaction(async () => {
      if (!(await this.installs.save(install))) throw installCancelled();
      const model = await this.models.add({
        ...{ id: modelIdOf(entry), catalogueId: entry.id, name: entry.name, digest, sizeBytes },
        ...{ architecture, contextLength, license: entry.license ?? license, installedAt: now },
      });
      const { id: modelId, name, default: isDefault } = model;
      await this.bus.publish(
        new ModelInstalled({
          ...{ modelId, name, digest, sizeBytes, architecture, contextLength },
          ...{ license: model.license, default: isDefault },
        }),
        { stream: `explore.model:${modelId}` },
      );
    });
  }

  private async fail(installId: string, cause: unknown): Promise<void> {
    const { code, message } = toDomainError(cause);
    await this.db.transaction(async () => {
      const install = await this.installs.find(installId);
      // A concurrent cancel wins: then there is nothing to tell.
      if (!install?.active) return;
      const { catalogueId } = install;
      this.logger.warn({ msg: message, code, catalogueId, ...(!(cause instanceof DomainError) && { err: cause }) });
      install.fail({ code, message }, new Date());
      await this.installs.save(install);
      await this.bus.publish(new InstallFailed({ installId, catalogueId, code, message }), {
        stream: `explore.install:${installId}`,
      });
    });
  }
}
