import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, ReturnsEvents, Roles, sendEvents, type SseEvent } from '@app/http';
import { MessageBus } from '@app/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  EmailPage,
  EmailView,
  FollowNotifications,
  GetPreferences,
  ListEmails,
  ListNotifications,
  NotificationChange,
  NotificationPage,
  NotificationView,
  PreferencesView,
  ReadAllNotifications,
  ReadNotification,
  RetryEmail,
  SeeConversation,
  SetPreferences,
  UnreadCount,
} from '../contracts/index.js';
import {
  LastEventId,
  ListEmailsParams,
  ListNotificationsParams,
  ReadAllBody,
  SeeConversationBody,
  SetPreferencesBody,
} from './shapes.js';

const uuid = { schema: z.uuid() };

@ApiTags('notifications')
@Controller('api/notifications')
export class NotificationsController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Returns(200, NotificationPage)
  list(@Query({ schema: ListNotificationsParams }) page: z.output<typeof ListNotificationsParams>) {
    return this.bus.query(new ListNotifications(page));
  }

  /**
   * Server-sent events `state`, `new` and `read`; `id` is the revision, so `Last-Event-ID` brings what came since. After
   * `state` ask for the list anew. It ends after a while: connect again.
   */
  @Get('stream')
  @ReturnsEvents(NotificationChange, 'state, new and read')
  async stream(
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const after = LastEventId.parse(lastEventId);
    await sendEvents(reply, request, (signal) =>
      toSse(this.bus.stream(new FollowNotifications({ after }), { signal })),
    );
  }

  @Get('preferences')
  @Returns(200, PreferencesView)
  preferences() {
    return this.bus.query(new GetPreferences({}));
  }

  @Put('preferences')
  @Returns(200, PreferencesView)
  setPreferences(@Body({ schema: SetPreferencesBody }) body: z.output<typeof SetPreferencesBody>) {
    return this.bus.execute(new SetPreferences(body));
  }

  @Post('read-all')
  @HttpCode(200)
  @Returns(200, UnreadCount)
  readAll(@Body({ schema: ReadAllBody }) body: z.output<typeof ReadAllBody>) {
    return this.bus.execute(new ReadAllNotifications(body));
  }

  /** A conversation is before the reader's eyes. */
  @Post('seen')
  @HttpCode(200)
  @Returns(200, UnreadCount)
  seen(@Body({ schema: SeeConversationBody }) body: z.output<typeof SeeConversationBody>) {
    return this.bus.execute(new SeeConversation(body));
  }

  @Get('emails')
  @Roles('admin')
  @Returns(200, EmailPage)
  emails(@Query({ schema: ListEmailsParams }) page: z.output<typeof ListEmailsParams>) {
    return this.bus.query(new ListEmails(page));
  }

  @Post('emails/:emailId/retry')
  @HttpCode(200)
  @Roles('admin')
  @Returns(200, EmailView)
  retryEmail(@Param('emailId', uuid) emailId: string) {
    return this.bus.execute(new RetryEmail({ emailId }));
  }

  @Post(':notificationId/read')
  @HttpCode(200)
  @Returns(200, NotificationView)
  read(@Param('notificationId', uuid) notificationId: string) {
    return this.bus.execute(new ReadNotification({ notificationId }));
  }
}

async function* toSse(changes: AsyncIterable<NotificationChange>): AsyncGenerator<SseEvent> {
  for await (const { type, revision, ...data } of changes) yield { id: revision, event: type, data };
}
