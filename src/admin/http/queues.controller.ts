import { Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Roles } from '@app/http';
import { MessageBus } from '@app/messaging';
import { z } from 'zod';
import {
  DropParked,
  ListParked,
  ListQueues,
  ParkedPage,
  QueueList,
  QueueName,
  ReplayParked,
} from '../contracts/index.js';
import { ListParkedParams } from './shapes.js';

const name = { schema: QueueName };
const letter = { schema: z.string().min(1).max(200) };

@ApiTags('admin')
@Roles('admin')
@Controller('api/admin/queues')
export class QueuesController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Returns(200, QueueList)
  list() {
    return this.bus.query(new ListQueues({}));
  }

  @Get(':queue/parked')
  @Returns(200, ParkedPage)
  parked(
    @Param('queue', name) queue: string,
    @Query({ schema: ListParkedParams }) page: z.output<typeof ListParkedParams>,
  ) {
    return this.bus.query(new ListParked({ queue, ...page }));
  }

  @Post(':queue/parked/:id/replay')
  @Returns(204)
  async replay(@Param('queue', name) queue: string, @Param('id', letter) id: string): Promise<void> {
    await this.bus.execute(new ReplayParked({ queue, id }));
  }

  @Delete(':queue/parked/:id')
  @Returns(204)
  async drop(@Param('queue', name) queue: string, @Param('id', letter) id: string): Promise<void> {
    await this.bus.execute(new DropParked({ queue, id }));
  }
}
