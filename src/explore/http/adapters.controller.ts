import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Scopes } from '@app/http';
import { MessageBus } from '@app/messaging';
import { z } from 'zod';
import {
  AdapterPage,
  AdapterView,
  AddAdapterVersion,
  ChangeAdapter,
  CreateAdapter,
  DeleteAdapter,
  GetAdapter,
  ListAdapters,
} from '../contracts/index.js';
import { AddAdapterVersionBody, ChangeAdapterBody, CreateAdapterBody, ListAdaptersParams } from './shapes.js';

const uuid = { schema: z.uuid() };

@ApiTags('adapters')
@Scopes('explore', 'admin')
@Controller('api/adapters')
export class AdaptersController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Scopes('explore', 'admin', 'inference', 'chat')
  @Returns(200, AdapterPage)
  list(@Query({ schema: ListAdaptersParams }) params: z.output<typeof ListAdaptersParams>) {
    return this.bus.query(new ListAdapters(params));
  }

  /** Of complete uploads. The conversion goes on by itself: look at the version's status. */
  @Post()
  @HttpCode(202)
  @Returns(202, AdapterView)
  create(@Body({ schema: CreateAdapterBody }) body: z.output<typeof CreateAdapterBody>) {
    return this.bus.execute(new CreateAdapter(body));
  }

  @Get(':adapterId')
  @Scopes('explore', 'admin', 'inference', 'chat')
  @Returns(200, AdapterView)
  get(@Param('adapterId', uuid) adapterId: string) {
    return this.bus.query(new GetAdapter({ adapterId }));
  }

  @Patch(':adapterId')
  @Returns(200, AdapterView)
  change(
    @Param('adapterId', uuid) adapterId: string,
    @Body({ schema: ChangeAdapterBody }) body: z.output<typeof ChangeAdapterBody>,
  ) {
    return this.bus.execute(new ChangeAdapter({ adapterId, ...body }));
  }

  @Post(':adapterId/versions')
  @HttpCode(202)
  @Returns(202, AdapterView)
  addVersion(
    @Param('adapterId', uuid) adapterId: string,
    @Body({ schema: AddAdapterVersionBody }) body: z.output<typeof AddAdapterVersionBody>,
  ) {
    return this.bus.execute(new AddAdapterVersion({ adapterId, ...body }));
  }

  @Delete(':adapterId')
  @Returns(204)
  remove(@Param('adapterId', uuid) adapterId: string) {
    return this.bus.execute(new DeleteAdapter({ adapterId }));
  }
}
