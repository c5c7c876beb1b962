import { Body, Controller, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Roles, Scopes } from '@app/http';
import { MessageBus } from '@app/messaging';
import type { z } from 'zod';
import {
  CatalogueView,
  InstalledModelList,
  InstalledModelView,
  ListCatalogue,
  ListInstalledModels,
  RemoveModel,
  SetDefaultModel,
} from '../contracts/index.js';
import { ModelId, SetDefaultModelBody } from './shapes.js';

@ApiTags('explore')
@Scopes('explore', 'admin')
@Controller('api/explore')
export class ModelsController {
  constructor(private readonly bus: MessageBus) {}

  @Get('catalogue')
  @Returns(200, CatalogueView)
  catalogue() {
    return this.bus.query(new ListCatalogue({}));
  }

  @Get('models')
  @Returns(200, InstalledModelList)
  list() {
    return this.bus.query(new ListInstalledModels({}));
  }

  @Delete('models/:modelId')
  @HttpCode(204)
  @Roles('admin')
  @Returns(204)
  remove(@Param('modelId', { schema: ModelId }) modelId: string) {
    return this.bus.execute(new RemoveModel({ modelId }));
  }

  @Put('default-model')
  @Roles('admin')
  @Returns(200, InstalledModelView)
  setDefault(@Body({ schema: SetDefaultModelBody }) body: z.output<typeof SetDefaultModelBody>) {
    return this.bus.execute(new SetDefaultModel(body));
  }
}
