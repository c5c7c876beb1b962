import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiTags } from '@nestjs/swagger';
import { Returns, ReturnsEvents, Scopes, sendEvents, type SseEvent } from '@app/http';
import { MessageBus } from '@app/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type GenerationEvent, StreamGeneration } from '../../inference/contracts/index.js';
import { GetAnswer, MessageView, RetryAnswer, SendMessage, SentMessage, StopAnswer } from '../contracts/index.js';
import { AnswerEvent, LastEventId, RetryAnswerBody, SendMessageBody, SentEvent, StreamParams } from './shapes.js';

const uuid = { schema: z.uuid() };

@ApiTags('chat')
@Scopes('chat')
@Controller('api/conversations/:conversationId/messages')
export class MessagesController {
  constructor(private readonly bus: MessageBus) {}

  /** With `Accept: text/event-stream` the answer's events follow in the same response, after one that says what was stored. */
  @Post()
  @HttpCode(202)
  @Returns(202, SentMessage)
  @ReturnsEvents(SentEvent, 'To `Accept: text/event-stream`: sent, then status, token, restart and done')
  async send(
    @Param('conversationId', uuid) conversationId: string,
    @Body({ schema: SendMessageBody }) body: z.output<typeof SendMessageBody>,
    @Headers('accept') accept: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const { generationId, ...sent } = await this.bus.execute(new SendMessage({ conversationId, ...body }));
    if (!generationId || !wantsEvents(accept)) return sent;
    await sendEvents(reply, request, (signal) =>
      toSse(this.bus.stream(new StreamGeneration({ generationId, after: 0, fresh: true }), { signal }), sent),
    );
    return reply;
  }

  @Post(':messageId/retry')
  @HttpCode(202)
  @Returns(202, MessageView)
  retry(
    @Param('conversationId', uuid) conversationId: string,
    @Param('messageId', uuid) messageId: string,
    @Body({ schema: RetryAnswerBody }) body: z.output<typeof RetryAnswerBody>,
  ) {
    return this.bus.execute(new RetryAnswer({ conversationId, messageId, ...body }));
  }

  @Post(':messageId/stop')
  @HttpCode(202)
  @Returns(202)
  stop(@Param('conversationId', uuid) conversationId: string, @Param('messageId', uuid) messageId: string) {
    return this.bus.execute(new StopAnswer({ conversationId, messageId }));
  }

  /** Server-sent events; `id` is the log's sequence number, so `Last-Event-ID` goes on without gap or repeat. */
  @Get(':messageId/stream')
  @ReturnsEvents(AnswerEvent, 'status, token, restart and done')
  async stream(
    @Param('conversationId', uuid) conversationId: string,
    @Param('messageId', uuid) messageId: string,
    @Query({ schema: StreamParams }) { after }: z.output<typeof StreamParams>,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { generationId } = await this.bus.query(new GetAnswer({ conversationId, messageId }));
    const from = lastEventId === undefined ? (after ?? 0) : LastEventId.parse(lastEventId);
    await sendEvents(reply, request, (signal) =>
      toSse(this.bus.stream(new StreamGeneration({ generationId, after: from }), { signal })),
    );
  }
}

/** Whether events are what the client would like best. */
const wantsEvents = (accept = '') => /^\s*text\/event-stream\s*([;,]|$)/i.test(accept);

async function* toSse(
  events: AsyncIterable<GenerationEvent>,
  sent?: z.infer<typeof SentMessage>,
): AsyncGenerator<SseEvent> {
  if (sent) {
    // A worker that is free goes first: its way to the model is the longer one.
    await nextTurn();
    yield { event: 'sent', data: sent };
  }
  for await (const event of events) {
    switch (event.type) {
      case 'status':
        yield { event: 'status', data: event.status };
        break;
      case 'token':
        yield { id: String(event.sequence), event: 'token', data: { text: event.text } };
        break;
      case 'restart':
        yield { id: String(event.sequence), event: 'restart', data: { reason: event.reason } };
        break;
      case 'done': {
        const { sequence, status, error, metadata } = event;
        yield { id: String(sequence), event: 'done', data: { status, error, metadata } };
      }
    }
  }
}
