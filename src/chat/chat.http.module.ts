import { Module } from '@nestjs/common';
import { BrowserAnswersController } from './http/browser-answers.controller.js';
import { ConversationsController } from './http/conversations.controller.js';
import { LimitsController } from './http/limits.controller.js';
import { MessagesController } from './http/messages.controller.js';

@Module({ controllers: [ConversationsController, MessagesController, BrowserAnswersController, LimitsController] })
export class ChatHttpModule {}
