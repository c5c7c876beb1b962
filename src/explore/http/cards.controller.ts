import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Scopes } from '@app/http';
import { MessageBus } from '@app/messaging';
import { ObjectStorage } from '@app/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CardView, GetCard, LocatePicture } from '../contracts/index.js';
import { sendPicture } from './send-picture.js';
import { EntryId, PictureId } from './shapes.js';

@ApiTags('explore')
@Scopes('explore', 'admin')
@Controller('api/explore/entries/:entryId')
export class CardsController {
  constructor(
    private readonly bus: MessageBus,
    private readonly storage: ObjectStorage,
  ) {}

  @Get('card')
  @Returns(200, CardView)
  card(@Param('entryId', { schema: EntryId }) entryId: string) {
    return this.bus.query(new GetCard({ entryId }));
  }

  /** A picture that the card names, by its content one of PNG, JPEG, WebP and GIF. */
  @Get('pictures/:pictureId')
  async picture(
    @Param('entryId', { schema: EntryId }) entryId: string,
    @Param('pictureId', { schema: PictureId }) pictureId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const picture = await this.bus.query(new LocatePicture({ entryId, pictureId }));
    await sendPicture(reply, request, this.storage, picture);
  }
}
