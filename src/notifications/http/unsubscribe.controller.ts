import { Controller, Get, Header, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AcceptsForm, Public, Returns } from '@app/http';
import { DomainError } from '@app/kernel';
import { MessageBus } from '@app/messaging';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { GetUnsubscription, Unsubscribe, type Unsubscription } from '../contracts/index.js';
import { donePage, questionPage, wrongLinkPage } from './unsubscribe-page.js';
import { UnsubscribeParams } from './shapes.js';

/**
 * The link at the end of each e-mail. Looking at it changes nothing, because mail programs follow links by themselves; the
 * form on it, or the mail program's own button (RFC 8058), posts here without anybody signed in.
 */
@ApiTags('notifications')
@Public()
@Controller('api/notifications/unsubscribe')
export class UnsubscribeController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('cache-control', 'no-store')
  @Header('referrer-policy', 'no-referrer')
  @Returns(200)
  ask(
    @Query({ schema: UnsubscribeParams }) { token }: z.output<typeof UnsubscribeParams>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return page(reply, this.bus.query(new GetUnsubscription({ token })), questionPage);
  }

  @Post()
  @AcceptsForm()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('cache-control', 'no-store')
  @Returns(200)
  unsubscribe(
    @Query({ schema: UnsubscribeParams }) { token }: z.output<typeof UnsubscribeParams>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return page(reply, this.bus.execute(new Unsubscribe({ token })), donePage);
  }
}

/** A wrong link is told to a person, not to a program. */
async function page(
  reply: FastifyReply,
  asked: Promise<Unsubscription>,
  show: (of: Unsubscription) => string,
): Promise<string> {
  try {
    return show(await asked);
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind !== 'not-found') throw error;
    reply.status(404);
    return wrongLinkPage(error.message);
  }
}
