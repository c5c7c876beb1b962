import { Readable } from 'node:stream';
import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import { Returns, Roles } from '@app/http';
import { MessageBus } from '@app/messaging';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AuditHead, AuditPage, ExportEvents, GetAuditHead, ListEvents } from '../contracts/index.js';
import { ExportParams, ListEventsParams } from './shapes.js';

const TYPES = { ndjson: 'application/x-ndjson; charset=utf-8', csv: 'text/csv; charset=utf-8' };

@ApiTags('admin')
@Roles('admin')
@Controller('api/admin')
export class AuditController {
  constructor(private readonly bus: MessageBus) {}

  @Get('events')
  @Returns(200, AuditPage)
  events(@Query({ schema: ListEventsParams }) page: z.output<typeof ListEventsParams>) {
    return this.bus.query(new ListEvents(page));
  }

  /** The audit as a file, streamed. NDJSON without a filter can be verified offline. */
  @Get('events/export')
  @ApiProduces('application/x-ndjson', 'text/csv')
  @Returns(200, z.string())
  async export(
    @Query({ schema: ExportParams }) { format, ...filter }: z.output<typeof ExportParams>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const pieces = this.bus.stream(new ExportEvents({ format, filter }))[Symbol.asyncIterator]();
    // Up to the first piece a failure is an error response; later it cuts the file, whose last line is then missing.
    const first = await pieces.next();
    const rest: AsyncIterable<string> = { [Symbol.asyncIterator]: () => pieces };
    const name = `parley-audit-${new Date().toISOString().slice(0, 10)}.${format}`;
    await reply
      .type(TYPES[format])
      .header('content-disposition', `attachment; filename="${name}"`)
      .header('cache-control', 'no-store')
      .send(Readable.from(chained(first.done ? '' : first.value, rest), { objectMode: false }));
  }

  @Get('audit/head')
  @Returns(200, AuditHead)
  head() {
    return this.bus.query(new GetAuditHead({}));
  }
}

async function* chained(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}
