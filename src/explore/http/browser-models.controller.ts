import { Body, Controller, Delete, Get, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Roles, Scopes } from '@app/http';
import { MessageBus } from '@app/messaging';
import type { z } from 'zod';
import {
  AddBrowserModel,
  BrowserModelList,
  BrowserModelView,
  ListBrowserModels,
  RemoveBrowserModel,
} from '../contracts/index.js';
import { AddBrowserModelBody, ModelId } from './shapes.js';

@ApiTags('explore')
@Scopes('explore', 'admin')
@Controller('api/explore/browser-models')
export class BrowserModelsController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Returns(200, BrowserModelList)
  list() {
    return this.bus.query(new ListBrowserModels({}));
  }

  /** Of a complete upload. */
  @Post()
  @Roles('admin')
  @Returns(201, BrowserModelView)
  add(@Body({ schema: AddBrowserModelBody }) body: z.output<typeof AddBrowserModelBody>) {
    return this.bus.execute(new AddBrowserModel(body), { timeoutMs: 300_000 });
  }

  @Delete(':modelId')
  @Roles('admin')
  @Returns(204)
  remove(@Param('modelId', { schema: ModelId }) id: string) {
    return this.bus.execute(new RemoveBrowserModel({ id }));
  }
}
