import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Roles, Scopes } from '@app/http';
import { MessageBus } from '@app/messaging';
import { ObjectStorage } from '@app/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import {
  CardView,
  GetHubCard,
  GetHubModel,
  HubModelDetails,
  HubModelPage,
  LocateHubPicture,
  SearchHub,
} from '../contracts/index.js';
import { sendPicture } from './send-picture.js';
import { HubName, PictureId, SearchHubParams } from './shapes.js';

/** What is at the hub, whether it is in the catalogue or not; for those who may install. */
@ApiTags('explore')
@Scopes('explore', 'admin')
@Roles('admin')
@Controller('api/explore/hub/models')
export class HubModelsController {
  constructor(
    private readonly bus: MessageBus,
    private readonly storage: ObjectStorage,
  ) {}

  @Get()
  @Returns(200, HubModelPage)
  search(@Query({ schema: SearchHubParams }) params: z.output<typeof SearchHubParams>) {
    return this.bus.query(new SearchHub(params));
  }

  @Get(':owner/:name')
  @Returns(200, HubModelDetails)
  get(@Param('owner', { schema: HubName }) owner: string, @Param('name', { schema: HubName }) name: string) {
    return this.bus.query(new GetHubModel({ repo: `${owner}/${name}` }));
  }

  @Get(':owner/:name/card')
  @Returns(200, CardView)
  card(@Param('owner', { schema: HubName }) owner: string, @Param('name', { schema: HubName }) name: string) {
    return this.bus.query(new GetHubCard({ repo: `${owner}/${name}` }));
  }

  @Get(':owner/:name/pictures/:pictureId')
  async picture(
    @Param('owner', { schema: HubName }) owner: string,
    @Param('name', { schema: HubName }) name: string,
    @Param('pictureId', { schema: PictureId }) pictureId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const picture = await this.bus.query(new LocateHubPicture({ repo: `${owner}/${name}`, pictureId }));
    await sendPicture(reply, request, this.storage, picture);
  }
}
