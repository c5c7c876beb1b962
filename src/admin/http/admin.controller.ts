import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Roles } from '@app/http';
import { MessageBus } from '@app/messaging';
import type { z } from 'zod';
import { AuditPage, GetOverview, ListEvents, OverviewView } from '../contracts/index.js';
import { ListEventsParams } from './shapes.js';

@ApiTags('admin')
@Roles('admin')
@Controller('api/admin')
export class AdminController {
  constructor(private readonly bus: MessageBus) {}

  @Get('events')
  @Returns(200, AuditPage)
  events(@Query({ schema: ListEventsParams }) page: z.output<typeof ListEventsParams>) {
    return this.bus.query(new ListEvents(page));
  }

  @Get('overview')
  @Returns(200, OverviewView)
  overview() {
    return this.bus.query(new GetOverview({}));
  }
}
