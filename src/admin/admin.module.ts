import { Module } from '@nestjs/common';
import { GetOverviewHandler } from './features/get-overview.handler.js';
import { ListEventsHandler } from './features/list-events.handler.js';

@Module({ providers: [ListEventsHandler, GetOverviewHandler] })
export class AdminModule {}
