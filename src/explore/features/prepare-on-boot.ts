import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '@app/config';
import { DomainError } from '@app/kernel';
import { AfterStart, MessageBus } from '@app/messaging';
import { Database } from '@app/persistence';
import { shippedEntries, shippedIds } from '../catalogue/curated.js';
import { DefaultModelChanged, type InstalledModelView, InstallModel, ModelRemoved } from '../contracts/index.js';
import { Installs } from '../domain/installs.js';
import { InstalledModels } from '../persistence/installed-models.js';
import { ModelFiles } from '../persistence/model-files.js';
import { AdapterEntries } from '../search/adapter-entries.js';
import { CatalogueEntries } from '../search/catalogue-entries.js';
import { LocalEntries } from '../search/local-entries.js';

/**
 * At each start: models whose file is gone are taken off the list, and the default model is installed if it is not there.
 * The catalogue has what is shipped and what lies in this machine's folders before anybody asks; what changed in the former
 * follows soon after. None of it can keep the server from starting.
 */
@Injectable()
export class PrepareOnBoot implements OnApplicationBootstrap {
  private readonly logger = new Logger('Explore');

  constructor(
    private readonly config: Config,
    private readonly models: InstalledModels,
    private readonly installs: Installs,
    private readonly files: ModelFiles,
    private readonly entries: CatalogueEntries,
    private readonly adapters: AdapterEntries,
    private readonly local: LocalEntries,
    private readonly db: Database,
    private readonly bus: MessageBus,
    private readonly afterStart: AfterStart,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.files.removeOldPartials(new Date());
      await this.checkFiles();
      const fill = () => this.fillCatalogue();
      if (!(await this.entries.haveAll(shippedIds()))) await fill();
      else this.afterStart.add('describe what is shipped', fill);
      await this.local.refresh();
      this.afterStart.add('bring the catalogue up to date', () => this.refreshCatalogue());
      if (this.config.explore.autoInstall) await this.installDefault();
    } catch (error) {
      this.logger.error({ msg: 'The models could not be prepared.', err: error });
    }
  }

  /** What is shipped is in the catalogue as this version describes it. */
  private async fillCatalogue(): Promise<void> {
    await this.entries.put(shippedEntries());
    await this.entries.keepOnly('built-in', shippedIds());
  }

  private async refreshCatalogue(): Promise<void> {
    await this.entries.measureOld();
    await this.adapters.refreshAll();
  }

  private async checkFiles(): Promise<void> {
    const sizes = await this.files.sizes();
    for (const model of await this.models.list()) {
      const { name, digest, sizeBytes } = model;
      if (sizes.get(digest) === sizeBytes) continue;
      if (await this.files.storeCopy({ sha256: digest, sizeBytes }))
        this.logger.log(`${name} was copied to the storage.`);
      else await this.markUnavailable(model);
    }
  }

  private async markUnavailable({ id: modelId, digest, name }: InstalledModelView): Promise<void> {
    this.logger.warn(`${name} is unavailable: its file is gone from ${this.files.location}, or has another size.`);
    await this.db.transaction(async () => {
      const nextDefault = await this.models.takeAway(modelId, { forGood: false });
      await this.bus.publish(new ModelRemoved({ modelId, digest }), { stream: `explore.model:${modelId}` });
      if (nextDefault)
        await this.bus.publish(new DefaultModelChanged({ modelId: nextDefault }), {
          stream: `explore.model:${nextDefault}`,
        });
    });
  }

  private async installDefault(): Promise<void> {
    const catalogueId = this.config.inference.defaultModel;
    const latest = await this.installs.latestOf(catalogueId);
    // What a person stopped or removed stays away until a person wants it back.
    if (latest?.snapshot.status === 'cancelled') return;
    if (latest?.snapshot.status === 'installed' && !(await this.models.knows(catalogueId))) return;
    try {
      const install = await this.bus.execute(new InstallModel({ catalogueId }));
      if (install.status !== 'installed')
        this.logger.log(
          `Installing the default model ${install.name} (${(install.totalBytes / 1e6).toFixed(0)} MB) by itself; ` +
            `EXPLORE_AUTO_INSTALL=false prevents it.`,
        );
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.logger.warn({ msg: `The default model is not installed: ${error.message}`, code: error.code, catalogueId });
    }
  }
}
