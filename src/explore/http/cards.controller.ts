import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Scopes, sendFile } from '@app/http';
import { MessageBus } from '@app/messaging';
import { ObjectStorage } from '@app/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CardView, GetCard, LocatePicture, type PlacedPicture } from '../contracts/index.js';
import { EntryId, PictureId } from './shapes.js';
import { storedBytes } from './stored-bytes.js';

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

/** A stranger's bytes: never a page of this origin, whatever a browser makes of them. */
async function sendPicture(
  reply: FastifyReply,
  request: FastifyRequest,
  storage: ObjectStorage,
  { key, type, sizeBytes, digest }: PlacedPicture,
): Promise<void> {
  reply.header('content-security-policy', "default-src 'none'; sandbox");
  await sendFile(reply, request, {
    name: `${digest.slice(0, 16)}.${type.slice('image/'.length)}`,
    ...{ type, sizeBytes, etag: `"${digest}"`, cacheControl: 'private, max-age=86400' },
    open: (start, end) => storedBytes(storage, key, start, end),
  });
}
