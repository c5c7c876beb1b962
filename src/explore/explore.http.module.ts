import { Module } from '@nestjs/common';
import { StorageModule } from '@app/storage';
import { AdaptersController } from './http/adapters.controller.js';
import { BrowserModelsController } from './http/browser-models.controller.js';
import { CardsController } from './http/cards.controller.js';
import { CatalogueController } from './http/catalogue.controller.js';
import { FilesController } from './http/files.controller.js';
import { HubController } from './http/hub.controller.js';
import { HubModelsController } from './http/hub-models.controller.js';
import { InstallsController } from './http/installs.controller.js';
import { ModelsController } from './http/models.controller.js';
import { UploadsController } from './http/uploads.controller.js';

/** Files are delivered from the storage by whoever serves HTTP; all else is asked for by messages. */
@Module({
  imports: [StorageModule],
  controllers: [
    InstallsController,
    ModelsController,
    CatalogueController,
    CardsController,
    HubController,
    HubModelsController,
    BrowserModelsController,
    UploadsController,
    AdaptersController,
    FilesController,
  ],
})
export class ExploreHttpModule {}
