import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, ReturnsEvents, Roles, Scopes, sendEvents, type SseEvent } from '@app/http';
import { MessageBus } from '@app/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  CancelInstall,
  GetInstall,
  InstallList,
  InstallModel,
  InstallView,
  ListInstalls,
  ResumeInstall,
  StreamInstall,
} from '../contracts/index.js';
import { InstallModelBody } from './shapes.js';

const uuid = { schema: z.uuid() };

@ApiTags('explore')
@Scopes('explore', 'admin')
@Controller('api/explore/installs')
export class InstallsController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Returns(200, InstallList)
  list() {
    return this.bus.query(new ListInstalls({}));
  }

  @Post()
  @HttpCode(202)
  @Roles('admin')
  @Returns(202, InstallView)
  install(@Body({ schema: InstallModelBody }) body: z.output<typeof InstallModelBody>) {
    return this.bus.execute(new InstallModel(body));
  }

  @Get(':installId')
  @Returns(200, InstallView)
  get(@Param('installId', uuid) installId: string) {
    return this.bus.query(new GetInstall({ installId }));
  }

  @Post(':installId/cancel')
  @HttpCode(202)
  @Roles('admin')
  @Returns(202, InstallView)
  cancel(@Param('installId', uuid) installId: string) {
    return this.bus.execute(new CancelInstall({ installId }));
  }

  @Post(':installId/resume')
  @HttpCode(202)
  @Roles('admin')
  @Returns(202, InstallView)
  resume(@Param('installId', uuid) installId: string) {
    return this.bus.execute(new ResumeInstall({ installId }));
  }

  /** Server-sent events: `progress` while it runs, then one `done`. A client that connects again sees the state now. */
  @Get(':installId/stream')
  @ReturnsEvents(InstallView, 'progress and done')
  async stream(
    @Param('installId', uuid) installId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendEvents(reply, request, (signal) => toSse(this.bus.stream(new StreamInstall({ installId }), { signal })));
  }
}

async function* toSse(installs: AsyncIterable<InstallView>): AsyncGenerator<SseEvent> {
  for await (const data of installs) {
    const final = data.status === 'installed' || data.status === 'failed' || data.status === 'cancelled';
    yield { event: final ? 'done' : 'progress', data };
  }
}
