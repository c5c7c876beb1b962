import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Roles } from '@app/http';
import { MessageBus } from '@app/messaging';
import type { z } from 'zod';
import { GetOverview, GetUsage, InstanceList, ListInstances, OverviewView, UsageView } from '../contracts/index.js';
import { UsageParams } from './shapes.js';

@ApiTags('admin')
@Roles('admin')
@Controller('api/admin')
export class AdminController {
  constructor(private readonly bus: MessageBus) {}

  @Get('overview')
  @Returns(200, OverviewView)
  overview() {
    return this.bus.query(new GetOverview({}));
  }

  @Get('instances')
  @Returns(200, InstanceList)
  instances() {
    return this.bus.query(new ListInstances({}));
  }

  @Get('usage')
  @Returns(200, UsageView)
  usage(@Query({ schema: UsageParams }) params: z.output<typeof UsageParams>) {
    return this.bus.query(new GetUsage(params));
  }
}
