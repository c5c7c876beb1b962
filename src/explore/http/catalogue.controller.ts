import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Scopes } from '@app/http';
import { MessageBus } from '@app/messaging';
import type { z } from 'zod';
import {
  EntryFileList,
  EntryPage,
  EntryView,
  GetEntry,
  ListEntryFiles,
  RateEntry,
  SearchCatalogue,
} from '../contracts/index.js';
import { EntryId, RateEntryBody, SearchCatalogueParams } from './shapes.js';

@ApiTags('explore')
@Scopes('explore', 'admin')
@Controller('api/explore/entries')
export class CatalogueController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Returns(200, EntryPage)
  search(@Query({ schema: SearchCatalogueParams }) params: z.output<typeof SearchCatalogueParams>) {
    return this.bus.query(new SearchCatalogue(params));
  }

  @Get(':entryId')
  @Returns(200, EntryView)
  get(@Param('entryId', { schema: EntryId }) entryId: string) {
    return this.bus.query(new GetEntry({ entryId }));
  }

  @Get(':entryId/files')
  @Returns(200, EntryFileList)
  files(@Param('entryId', { schema: EntryId }) entryId: string) {
    return this.bus.query(new ListEntryFiles({ entryId }));
  }

  @Put(':entryId/rating')
  @Returns(200, EntryView)
  rate(
    @Param('entryId', { schema: EntryId }) entryId: string,
    @Body({ schema: RateEntryBody }) body: z.output<typeof RateEntryBody>,
  ) {
    return this.bus.execute(new RateEntry({ entryId, ...body }));
  }
}
