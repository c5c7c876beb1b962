import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, ReturnsEvents, Roles, sendEvents, type SseEvent } from '@app/http';
import { MessageBus } from '@app/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CancelTask, GetTask, ListTasks, StartTask, StreamTask, TaskList, TaskView } from '../contracts/index.js';
import { ListTasksParams, StartTaskBody } from './shapes.js';

const uuid = { schema: z.uuid() };

@ApiTags('admin')
@Roles('admin')
@Controller('api/admin/tasks')
export class TasksController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Returns(200, TaskList)
  list(@Query({ schema: ListTasksParams }) params: z.output<typeof ListTasksParams>) {
    return this.bus.query(new ListTasks(params));
  }

  @Post()
  @Returns(202, TaskView)
  start(@Body({ schema: StartTaskBody }) body: z.output<typeof StartTaskBody>) {
    return this.bus.execute(new StartTask(body));
  }

  @Get(':taskId')
  @Returns(200, TaskView)
  get(@Param('taskId', uuid) taskId: string) {
    return this.bus.query(new GetTask({ taskId }));
  }

  @Post(':taskId/cancel')
  @Returns(202, TaskView)
  cancel(@Param('taskId', uuid) taskId: string) {
    return this.bus.execute(new CancelTask({ taskId }));
  }

  /** Server-sent events: `progress` while it runs, then one `done`. A client that connects again sees the state now. */
  @Get(':taskId/stream')
  @ReturnsEvents(TaskView, 'progress and done')
  async stream(
    @Param('taskId', uuid) taskId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendEvents(reply, request, (signal) => toSse(this.bus.stream(new StreamTask({ taskId }), { signal })));
  }
}

async function* toSse(tasks: AsyncIterable<TaskView>): AsyncGenerator<SseEvent> {
  for await (const data of tasks) {
    yield { event: data.status === 'queued' || data.status === 'running' ? 'progress' : 'done', data };
  }
}
