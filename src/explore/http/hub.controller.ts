import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Roles, Scopes } from '@app/http';
import { MessageBus } from '@app/messaging';
import type { z } from 'zod';
import { HubFileList, InstallHubFile, InstallView, ListHubFiles } from '../contracts/index.js';
import { HubFilesParams, InstallHubFileBody } from './shapes.js';

@ApiTags('explore')
@Scopes('explore', 'admin')
@Roles('admin')
@Controller('api/explore/hub')
export class HubController {
  constructor(private readonly bus: MessageBus) {}

  @Get('files')
  @Returns(200, HubFileList)
  files(@Query({ schema: HubFilesParams }) params: z.output<typeof HubFilesParams>) {
    return this.bus.query(new ListHubFiles(params));
  }

  @Post('installs')
  @HttpCode(202)
  @Returns(202, InstallView)
  install(@Body({ schema: InstallHubFileBody }) body: z.output<typeof InstallHubFileBody>) {
    return this.bus.execute(new InstallHubFile(body));
  }
}
