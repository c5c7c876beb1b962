import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns } from '@app/http';
import { MessageBus } from '@app/messaging';
import { z } from 'zod';
import { ListNotifications, NotificationPage, NotificationView, ReadNotification } from '../contracts/index.js';
import { ListNotificationsParams } from './shapes.js';

@ApiTags('notifications')
@Controller('api/notifications')
export class NotificationsController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Returns(200, NotificationPage)
  list(@Query({ schema: ListNotificationsParams }) page: z.output<typeof ListNotificationsParams>) {
    return this.bus.query(new ListNotifications(page));
  }

  @Post(':notificationId/read')
  @HttpCode(200)
  @Returns(200, NotificationView)
  read(@Param('notificationId', { schema: z.uuid() }) notificationId: string) {
    return this.bus.execute(new ReadNotification({ notificationId }));
  }
}
