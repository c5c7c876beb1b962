import { Module } from '@nestjs/common';
import { ConversationsController } from './http/conversations.controller.js';
import { MessagesController } from './http/messages.controller.js';

@Module({ controllers: [ConversationsController, MessagesController] })
export class ChatHttpModule {}
