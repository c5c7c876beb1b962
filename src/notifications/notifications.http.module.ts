import { Module } from '@nestjs/common';
import { NotificationsController } from './http/notifications.controller.js';
import { UnsubscribeController } from './http/unsubscribe.controller.js';

@Module({ controllers: [UnsubscribeController, NotificationsController] })
export class NotificationsHttpModule {}
