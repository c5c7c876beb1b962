import type { Readable } from 'node:stream';
import { Controller, Delete, Get, Head, Options, Param, Patch, Post, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import { AcceptsBytes, CurrentActor, Public, Returns, Scopes } from '@app/http';
import { DomainError } from '@app/kernel';
import { type Actor, MessageBus, runAs } from '@app/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppendUpload, CreateUpload, DeleteUpload, GetUpload, UploadView } from '../contracts/index.js';
import { fileNameIn, piecesOf, progressHeaders, readNumber, TUS_EXTENSIONS, TUS_VERSION } from './upload-protocol.js';

const uuid = { schema: z.uuid() };
const tusHeader = ApiHeader({ name: 'Tus-Resumable', description: `${TUS_VERSION}, or left out`, required: false });

/** Resumable uploads as tus 1.0.0 has them; what is uploaded is then named by its id in another request. */
@ApiTags('uploads')
@Scopes('explore', 'admin')
@Controller('api/uploads')
export class UploadsController {
  constructor(private readonly bus: MessageBus) {}

  @Options()
  @Public()
  @Returns(204)
  options(@Res({ passthrough: true }) reply: FastifyReply): void {
    reply.headers({ 'tus-resumable': TUS_VERSION, 'tus-version': TUS_VERSION, 'tus-extension': TUS_EXTENSIONS });
  }

  @Post()
  @Returns(201, UploadView)
  @tusHeader
  @ApiHeader({ name: 'Upload-Length', description: 'Bytes of the whole file', required: true })
  @ApiHeader({ name: 'Upload-Metadata', description: '`filename <base64>`', required: false })
  async create(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UploadView | undefined> {
    if (refusesVersion(request, reply)) return undefined;
    const sizeBytes = readNumber(request.headers, 'upload-length');
    const fileName = fileNameIn(request.headers['upload-metadata']);
    const upload = await this.bus.execute(new CreateUpload({ fileName, sizeBytes }));
    reply.headers({ ...progressHeaders(upload), location: `/api/uploads/${upload.id}` });
    return upload;
  }

  @Head(':uploadId')
  @Returns(200)
  async offset(
    @Param('uploadId', uuid) uploadId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    reply.headers(progressHeaders(await this.bus.query(new GetUpload({ uploadId }))));
  }

  @Get(':uploadId')
  @Returns(200, UploadView)
  get(@Param('uploadId', uuid) uploadId: string) {
    return this.bus.query(new GetUpload({ uploadId }));
  }

  /** Each piece is stored as it comes: a cut request keeps all but its last instant. */
  @Patch(':uploadId')
  @AcceptsBytes()
  @Returns(204)
  @tusHeader
  @ApiHeader({ name: 'Upload-Offset', description: 'Where in the file the body begins', required: true })
  async append(
    @Param('uploadId', uuid) uploadId: string,
    @CurrentActor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    if (refusesVersion(request, reply)) return;
    const offset = readNumber(request.headers, 'upload-offset');
    if (!request.body)
      throw new DomainError(
        'invalid',
        'platform.unsupported-media-type',
        'Send the bytes as application/offset+octet-stream.',
      );
    // Not in the context of the client, which ends when it leaves: what it had sent by then is kept.
    const upload = await runAs({ actor, correlationid: request.id }, async () => {
      let at = offset;
      const known = await this.bus.query(new GetUpload({ uploadId }));
      if (known.receivedBytes !== offset) throw uploadOffset(known.receivedBytes);
      // While one piece is being stored the next one comes.
      let storing: Promise<UploadView> = Promise.resolve(known);
      for await (const piece of piecesOf(request.body as Readable, known.sizeBytes - offset)) {
        await storing;
        storing = this.bus.execute(new AppendUpload({ uploadId, offset: at, bytes: piece.toString('base64') }));
        at += piece.length;
        // It is waited for below; meanwhile its failure must not count as nobody's.
        storing.catch(() => undefined);
      }
      return storing;
    });
    reply.headers(progressHeaders(upload));
  }

  @Delete(':uploadId')
  @Returns(204)
  async remove(
    @Param('uploadId', uuid) uploadId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.bus.execute(new DeleteUpload({ uploadId }));
    reply.header('tus-resumable', TUS_VERSION);
  }
}

/** As the command says it, before the body is read. */
const uploadOffset = (receivedBytes: number) =>
  new DomainError('conflict', 'explore.upload-offset', 'This is not the next piece of the file.', { receivedBytes });

/** A client that speaks another version of the protocol is told which one is spoken here, in the protocol's own way. */
function refusesVersion(request: FastifyRequest, reply: FastifyReply): boolean {
  const version = request.headers['tus-resumable'];
  if (version === undefined || version === TUS_VERSION) return false;
  reply.status(412).headers({ 'tus-resumable': TUS_VERSION, 'tus-version': TUS_VERSION });
  return true;
}
