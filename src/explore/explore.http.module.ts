import { Module } from '@nestjs/common';
import { InstallsController } from './http/installs.controller.js';
import { ModelsController } from './http/models.controller.js';

@Module({ controllers: [InstallsController, ModelsController] })
export class ExploreHttpModule {}
