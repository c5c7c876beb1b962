import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public, Returns, Scopes, sendFile } from '@app/http';
import { DomainError } from '@app/kernel';
import { MessageBus } from '@app/messaging';
import { ObjectStorage } from '@app/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { FileView, GetFile, LocateFile } from '../contracts/index.js';
import { FileLinkParams, FileName, Sha256 } from './shapes.js';
import { storedBytes } from './stored-bytes.js';

const scopes = ['explore', 'inference', 'admin'];

/** Files by their digest. A URL never changes its bytes, so whoever has them need never ask again. */
@ApiTags('files')
@Scopes(...scopes)
@Controller()
export class FilesController {
  constructor(
    private readonly bus: MessageBus,
    private readonly storage: ObjectStorage,
  ) {}

  @Get('api/files/:sha256')
  @Returns(200, FileView)
  get(@Param('sha256', { schema: Sha256 }) sha256: string) {
    return this.bus.query(new GetFile({ sha256 }));
  }

  /**
   * The bytes, also by ranges (`Range`, `If-Range`, `HEAD`). For whoever has a signed URL, or may see the file. Where the
   * settings say so, the answer is a redirect to the storage.
   */
  @Get('files/:sha256/:name')
  @Public()
  async download(
    @Param('sha256', { schema: Sha256 }) sha256: string,
    @Param('name', { schema: FileName }) name: string,
    @Query({ schema: FileLinkParams }) { expires, signature }: z.output<typeof FileLinkParams>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { actor } = request;
    if (signature === undefined && actor?.scopes && !scopes.some((scope) => actor.scopes!.includes(scope)))
      throw new DomainError('forbidden', 'platform.out-of-scope', 'This API key may not do this.', { scopes });
    const file = await this.bus.query(new LocateFile({ sha256, expires, signature }));
    // Another origin's page may have sent for it: the CDN's copy is read by ours. No cookie opens anything here.
    reply.headers({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'content-length, content-range, etag, accept-ranges',
      'cross-origin-resource-policy': 'cross-origin',
    });
    if (file.redirect) {
      await reply.header('cache-control', 'no-store').redirect(file.redirect, 302);
      return;
    }
    await sendFile(reply, request, {
      name,
      sizeBytes: file.sizeBytes,
      etag: `"${sha256}"`,
      cacheControl: file.cacheControl,
      read: storedBytes(this.storage, file.key),
    });
  }
}
