import { Module } from '@nestjs/common';
import { Config } from '@app/config';
import { ObjectStorage, StorageModule } from '@app/storage';
import { AdapterConversion } from './adapters/adapter-conversion.js';
import { BaseFiles } from './adapters/base-files.js';
import { FileLinks } from './adapters/file-links.js';
import { NewVersion } from './adapters/new-version.js';
import { KnownCatalogue } from './catalogue/known-catalogue.js';
import { LocalModels } from './catalogue/local-models.js';
import { Cards } from './cards/cards.js';
import { Pictures } from './cards/pictures.js';
import { Catalogue } from './domain/catalogue.js';
import { Installs } from './domain/installs.js';
import { ModelSources } from './domain/model-source.js';
import { AddAdapterVersionHandler } from './features/add-adapter-version.handler.js';
import { AddBrowserModelHandler } from './features/add-browser-model.handler.js';
import { AppendUploadHandler } from './features/append-upload.handler.js';
import { ChangeAdapterHandler } from './features/change-adapter.handler.js';
import { ConvertOnAdapterConversionRequestedHandler } from './features/convert-on-adapter-conversion-requested.handler.js';
import { CreateAdapterHandler } from './features/create-adapter.handler.js';
import { CreateUploadHandler } from './features/create-upload.handler.js';
import { DeleteAdapterHandler } from './features/delete-adapter.handler.js';
import { DeleteFileOnBrowserModelRemovedHandler } from './features/delete-file-on-browser-model-removed.handler.js';
import { DeleteFilesOnAdapterEndedHandler } from './features/delete-files-on-adapter-ended.handler.js';
import { DeleteUploadHandler } from './features/delete-upload.handler.js';
import { GetAdapterHandler } from './features/get-adapter.handler.js';
import { GetFileHandler } from './features/get-file.handler.js';
import { GetUploadHandler } from './features/get-upload.handler.js';
import { ListAdaptersHandler } from './features/list-adapters.handler.js';
import { ListBrowserModelsHandler } from './features/list-browser-models.handler.js';
import { LocateFileHandler } from './features/locate-file.handler.js';
import { LocatePictureHandler } from './features/locate-picture.handler.js';
import { RemoveBrowserModelHandler } from './features/remove-browser-model.handler.js';
import { ResolveAdaptersHandler } from './features/resolve-adapters.handler.js';
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
import { CountUseOnGenerationFinishedHandler } from './features/count-use-on-generation-finished.handler.js';
import { CountUseOnModelInstalledHandler } from './features/count-use-on-model-installed.handler.js';
import { GetCardHandler } from './features/get-card.handler.js';
import { GetEntryHandler } from './features/get-entry.handler.js';
import { ListAdapterOnAdapterChangedHandler } from './features/list-adapter-on-adapter-changed.handler.js';
import { ListAdapterOnAdapterVersionReadyHandler } from './features/list-adapter-on-adapter-version-ready.handler.js';
import { RateEntryHandler } from './features/rate-entry.handler.js';
import { SearchCatalogueHandler } from './features/search-catalogue.handler.js';
import { UnlistAdapterOnAdapterRemovedHandler } from './features/unlist-adapter-on-adapter-removed.handler.js';
import { GetHubCardHandler } from './features/get-hub-card.handler.js';
import { GetHubModelHandler } from './features/get-hub-model.handler.js';
import { LocateHubPictureHandler } from './features/locate-hub-picture.handler.js';
import { SearchHubHandler } from './features/search-hub.handler.js';
import { EntryRows } from './persistence/entry-rows.js';
import { AdapterEntries } from './search/adapter-entries.js';
import { CatalogueEntries } from './search/catalogue-entries.js';
import { LocalEntries } from './search/local-entries.js';
import { QueryWords } from './search/query-words.js';
import { InstallHubFileHandler } from './features/install-hub-file.handler.js';
import { ListHubFilesHandler } from './features/list-hub-files.handler.js';
import { ListEntryFilesHandler } from './features/list-entry-files.handler.js';
import { Capacity } from './fit/capacity.js';
import { EntryFiles } from './fit/entry-files.js';
import { EntryFits } from './fit/entry-fits.js';
import { FileHeaders } from './fit/file-headers.js';
import { Fits } from './fit/fits.js';
import { KeptHeaders } from './fit/kept-headers.js';
import { HubAnswers } from './persistence/hub-answers.js';
import { HubApi } from './sources/hub-api.js';
import { HubSearch } from './sources/hub-search.js';
import { HubModels } from './sources/hub-models.js';
import { Adapters } from './persistence/adapters.js';
import { BrowserModels } from './persistence/browser-models.js';
import { InstalledModels } from './persistence/installed-models.js';
import { ModelFiles } from './persistence/model-files.js';
import { PictureRows } from './persistence/picture-rows.js';
import { SqlInstalls } from './persistence/sql-installs.js';
import { StoredFiles } from './persistence/stored-files.js';
import { UploadBytes } from './persistence/upload-bytes.js';
import { Uploads } from './persistence/uploads.js';
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
    InstallHubFileHandler,
    ListHubFilesHandler,
    ListEntryFilesHandler,
    Capacity,
    Cards,
    GetCardHandler,
    LocatePictureHandler,
    PictureRows,
    Pictures,
    SearchHubHandler,
    LocateHubPictureHandler,
    GetHubModelHandler,
    GetHubCardHandler,
    EntryFiles,
    EntryFits,
    FileHeaders,
    Fits,
    KeptHeaders,
    HubAnswers,
    HubApi,
    HubModels,
    HubSearch,
    LocalEntries,
    LocalModels,
    CountUseOnGenerationFinishedHandler,
    CountUseOnModelInstalledHandler,
    GetEntryHandler,
    ListAdapterOnAdapterChangedHandler,
    ListAdapterOnAdapterVersionReadyHandler,
    RateEntryHandler,
    SearchCatalogueHandler,
    UnlistAdapterOnAdapterRemovedHandler,
    EntryRows,
    AdapterEntries,
    CatalogueEntries,
    QueryWords,
    ListCatalogueHandler,
    ListInstallsHandler,
    GetInstallHandler,
    StreamInstallHandler,
    ListInstalledModelsHandler,
    AddAdapterVersionHandler,
    AddBrowserModelHandler,
    AppendUploadHandler,
    ChangeAdapterHandler,
    ConvertOnAdapterConversionRequestedHandler,
    CreateAdapterHandler,
    CreateUploadHandler,
    DeleteAdapterHandler,
    DeleteFileOnBrowserModelRemovedHandler,
    DeleteFilesOnAdapterEndedHandler,
    DeleteUploadHandler,
    GetAdapterHandler,
    GetFileHandler,
    GetUploadHandler,
    ListAdaptersHandler,
    ListBrowserModelsHandler,
    LocateFileHandler,
    RemoveBrowserModelHandler,
    ResolveAdaptersHandler,
    AdapterConversion,
    BaseFiles,
    FileLinks,
    NewVersion,
    Adapters,
    BrowserModels,
    StoredFiles,
    UploadBytes,
    Uploads,
    InstalledModels,
    InstallFeed,
    ModelDownload,
    RunningInstalls,
    {
      provide: ModelFiles,
      useFactory: ({ models }: Config, storage: ObjectStorage) => new ModelFiles(models.dir, storage),
      inject: [Config, ObjectStorage],
    },
    { provide: Catalogue, useClass: KnownCatalogue },
    { provide: Installs, useClass: SqlInstalls },
    { provide: ModelSources, useClass: ConfiguredSources },
  ],
})
export class ExploreModule {}
