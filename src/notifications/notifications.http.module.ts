import { Module } from '@nestjs/common';
import { NotificationsController } from './http/notifications.controller.js';

@Module({ controllers: [NotificationsController] })
export class NotificationsHttpModule {}
