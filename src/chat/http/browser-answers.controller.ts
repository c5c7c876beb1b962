import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Scopes } from '@app/http';
import { MessageBus } from '@app/messaging';
import { z } from 'zod';
import {
  BrowserAnswer,
  FinishBrowserAnswer,
  GrowBrowserAnswer,
  RecordBrowserTurn,
  RecordBrowserUsage,
  SentMessage,
  StartBrowserAnswer,
} from '../contracts/index.js';
import {
  FinishBrowserAnswerBody,
  GrowBrowserAnswerBody,
  RecordBrowserTurnBody,
  RecordBrowserUsageBody,
  StartBrowserAnswerBody,
} from './shapes.js';

const uuid = { schema: z.uuid() };

/** Answers that the caller's own browser makes. All of them can be repeated: ids are the caller's. */
@ApiTags('chat')
@Scopes('chat')
@Controller('api')
export class BrowserAnswersController {
  constructor(private readonly bus: MessageBus) {}

  @Post('conversations/:conversationId/browser-answers')
  @HttpCode(202)
  @Returns(202, BrowserAnswer)
  start(
    @Param('conversationId', uuid) conversationId: string,
    @Body({ schema: StartBrowserAnswerBody }) body: z.output<typeof StartBrowserAnswerBody>,
  ) {
    return this.bus.execute(new StartBrowserAnswer({ conversationId, ...body }));
  }

  @Post('conversations/:conversationId/browser-answers/:messageId/text')
  @HttpCode(204)
  @Returns(204)
  grow(
    @Param('conversationId', uuid) conversationId: string,
    @Param('messageId', uuid) messageId: string,
    @Body({ schema: GrowBrowserAnswerBody }) body: z.output<typeof GrowBrowserAnswerBody>,
  ) {
    return this.bus.execute(new GrowBrowserAnswer({ conversationId, messageId, ...body }));
  }

  @Post('conversations/:conversationId/browser-answers/:messageId/finish')
  @HttpCode(204)
  @Returns(204)
  finish(
    @Param('conversationId', uuid) conversationId: string,
    @Param('messageId', uuid) messageId: string,
    @Body({ schema: FinishBrowserAnswerBody }) body: z.output<typeof FinishBrowserAnswerBody>,
  ) {
    return this.bus.execute(new FinishBrowserAnswer({ conversationId, messageId, ...body }));
  }

  /** A whole turn of a browser that was offline. After a deletion it is kept in a new conversation: its messages tell which. */
  @Post('conversations/:conversationId/browser-turns')
  @HttpCode(200)
  @Returns(200, SentMessage)
  recordTurn(
    @Param('conversationId', uuid) conversationId: string,
    @Body({ schema: RecordBrowserTurnBody }) body: z.output<typeof RecordBrowserTurnBody>,
  ) {
    return this.bus.execute(new RecordBrowserTurn({ conversationId, ...body }));
  }

  /** Counts of an answer whose text never leaves the browser. */
  @Post('browser-usage')
  @HttpCode(204)
  @Returns(204)
  record(@Body({ schema: RecordBrowserUsageBody }) body: z.output<typeof RecordBrowserUsageBody>) {
    return this.bus.execute(new RecordBrowserUsage(body));
  }
}
