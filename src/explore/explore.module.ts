import { Module } from '@nestjs/common';
import { Config } from '@app/config';
import { ObjectStorage, StorageModule } from '@app/storage';
import { FolderCatalogue } from './catalogue/folder-catalogue.js';
import { Catalogue } from './domain/catalogue.js';
import { Installs } from './domain/installs.js';
import { ModelSources } from './domain/model-source.js';
import { CancelInstallHandler } from './features/cancel-install.handler.js';
import { DeleteFileOnModelRemovedHandler } from './features/delete-file-on-model-removed.handler.js';
import { DownloadOnInstallRequestedHandler } from './features/download-on-install-requested.handler.js';
import { GetInstallHandler } from './features/get-install.handler.js';
import { InstallModelHandler } from './features/install-model.handler.js';
import { ListCatalogueHandler } from './features/list-catalogue.handler.js';
import { ListInstalledModelsHandler } from './features/list-installed-models.handler.js';
import { ListInstallsHandler } from './features/list-installs.handler.js';
import { PrepareOnBoot } from './features/prepare-on-boot.js';
import { RemoveModelHandler } from './features/remove-model.handler.js';
import { ResumeInstallHandler } from './features/resume-install.handler.js';
import { SetDefaultModelHandler } from './features/set-default-model.handler.js';
import { StreamInstallHandler } from './features/stream-install.handler.js';
import { InstalledModels } from './persistence/installed-models.js';
import { ModelFiles } from './persistence/model-files.js';
import { SqlInstalls } from './persistence/sql-installs.js';
import { ConfiguredSources } from './sources/configured-sources.js';
import { InstallFeed } from './sources/install-feed.js';
import { ModelDownload } from './sources/model-download.js';
import { RunningInstalls } from './sources/running-installs.js';

@Module({
  imports: [StorageModule],
  providers: [
    InstallModelHandler,
    CancelInstallHandler,
    ResumeInstallHandler,
    RemoveModelHandler,
    SetDefaultModelHandler,
    DownloadOnInstallRequestedHandler,
    DeleteFileOnModelRemovedHandler,
    PrepareOnBoot,
    ListCatalogueHandler,
    ListInstallsHandler,
    GetInstallHandler,
    StreamInstallHandler,
    ListInstalledModelsHandler,
    InstalledModels,
    InstallFeed,
    ModelDownload,
    RunningInstalls,
    {
      provide: ModelFiles,
      useFactory: ({ models }: Config, storage: ObjectStorage) => new ModelFiles(models.dir, storage),
      inject: [Config, ObjectStorage],
    },
    { provide: Catalogue, useClass: FolderCatalogue },
    { provide: Installs, useClass: SqlInstalls },
    { provide: ModelSources, useClass: ConfiguredSources },
  ],
})
export class ExploreModule {}
