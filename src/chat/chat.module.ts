import { Module } from '@nestjs/common';
import { Conversations } from './domain/conversations.js';
import { DeleteConversationHandler } from './features/delete-conversation.handler.js';
import { ExportConversationHandler } from './features/export-conversation.handler.js';
import { FinishBrowserAnswerHandler } from './features/finish-browser-answer.handler.js';
import { GetAnswerHandler } from './features/get-answer.handler.js';
import { GetChatLimitsHandler } from './features/get-chat-limits.handler.js';
import { GetConversationHandler } from './features/get-conversation.handler.js';
import { GetPromptHandler } from './features/get-prompt.handler.js';
import { GrowBrowserAnswerHandler } from './features/grow-browser-answer.handler.js';
import { ListConversationsHandler } from './features/list-conversations.handler.js';
import { RebuildReadModelHandler } from './features/rebuild-read-model.handler.js';
import { RecordAnswerOnGenerationFinishedHandler } from './features/record-answer-on-generation-finished.handler.js';
import { RecordBrowserTurnHandler } from './features/record-browser-turn.handler.js';
import { RecordBrowserUsageHandler } from './features/record-browser-usage.handler.js';
import { RenameConversationHandler } from './features/rename-conversation.handler.js';
import { RetryAnswerHandler } from './features/retry-answer.handler.js';
import { SendMessageHandler } from './features/send-message.handler.js';
import { StartBrowserAnswerHandler } from './features/start-browser-answer.handler.js';
import { StartConversationHandler } from './features/start-conversation.handler.js';
import { StopAnswerHandler } from './features/stop-answer.handler.js';
import { ConversationProjection } from './persistence/conversation-projection.js';
import { EventSourcedConversations } from './persistence/event-sourced-conversations.js';

@Module({
  providers: [
    StartConversationHandler,
    SendMessageHandler,
    RetryAnswerHandler,
    StopAnswerHandler,
    StartBrowserAnswerHandler,
    GrowBrowserAnswerHandler,
    FinishBrowserAnswerHandler,
    RecordBrowserTurnHandler,
    RecordBrowserUsageHandler,
    ExportConversationHandler,
    RenameConversationHandler,
    DeleteConversationHandler,
    RecordAnswerOnGenerationFinishedHandler,
    GetChatLimitsHandler,
    GetConversationHandler,
    GetAnswerHandler,
    GetPromptHandler,
    ListConversationsHandler,
    RebuildReadModelHandler,
    ConversationProjection,
    { provide: Conversations, useClass: EventSourcedConversations },
  ],
})
export class ChatModule {}
