import { Body, Controller, Delete, Get, Header, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Scopes } from '@app/http';
import { MessageBus } from '@app/messaging';
import { z } from 'zod';
import {
  ConversationExport,
  ConversationPage,
  ConversationSummary,
  ConversationView,
  DeleteConversation,
  ExportConversation,
  GetConversation,
  ListConversations,
  RenameConversation,
  StartConversation,
} from '../contracts/index.js';
import {
  DeleteConversationBody,
  ListConversationsParams,
  RenameConversationBody,
  StartConversationBody,
} from './shapes.js';

@ApiTags('chat')
@Scopes('chat')
@Controller('api/conversations')
export class ConversationsController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Returns(200, ConversationPage)
  list(@Query({ schema: ListConversationsParams }) page: z.output<typeof ListConversationsParams>) {
    return this.bus.query(new ListConversations(page));
  }

  @Post()
  @Returns(201, ConversationSummary)
  start(@Body({ schema: StartConversationBody }) body: z.output<typeof StartConversationBody>) {
    return this.bus.execute(new StartConversation(body));
  }

  @Get(':conversationId')
  @Returns(200, ConversationView)
  get(@Param('conversationId', { schema: z.uuid() }) conversationId: string) {
    return this.bus.query(new GetConversation({ conversationId }));
  }

  /** A file to keep: the tree with engine, digests and token counts of each answer. */
  @Get(':conversationId/export')
  @Header('content-disposition', 'attachment; filename="conversation.json"')
  @Returns(200, ConversationExport)
  export(@Param('conversationId', { schema: z.uuid() }) conversationId: string) {
    return this.bus.query(new ExportConversation({ conversationId }));
  }

  @Patch(':conversationId')
  @HttpCode(204)
  @Returns(204)
  rename(
    @Param('conversationId', { schema: z.uuid() }) conversationId: string,
    @Body({ schema: RenameConversationBody }) change: z.output<typeof RenameConversationBody>,
  ) {
    return this.bus.execute(new RenameConversation({ conversationId, ...change }));
  }

  @Delete(':conversationId')
  @HttpCode(204)
  @Returns(204)
  delete(@Param('conversationId', { schema: z.uuid() }) conversationId: string) {
    return this.bus.execute(new DeleteConversation({ conversationId }));
  }

  /** Deletes what its sender had seen; what came meanwhile is kept in a new conversation. A body of DELETE may get lost on its way. */
  @Post(':conversationId/deletion')
  @HttpCode(204)
  @Returns(204)
  deleteKnown(
    @Param('conversationId', { schema: z.uuid() }) conversationId: string,
    @Body({ schema: DeleteConversationBody }) { known }: z.output<typeof DeleteConversationBody>,
  ) {
    return this.bus.execute(new DeleteConversation({ conversationId, known }));
  }
}
