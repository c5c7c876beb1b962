import { query } from '@app/messaging';
import { z } from 'zod';
import { ChatMessage } from '../../inference/contracts/index.js';
import { ChatLimits, ConversationExport, ConversationPage, ConversationView, MessageStatus } from './views.js';

export class ListConversations extends query(
  'chat.list-conversations.v1',
  z.object({
    cursor: z.string().max(200).optional(),
    limit: z.int().min(1).max(100).default(30),
    q: z.string().trim().max(200).optional().describe('Words to find in titles and messages'),
  }),
  ConversationPage,
) {}

export class GetConversation extends query(
  'chat.get-conversation.v1',
  z.object({ conversationId: z.uuid() }),
  ConversationView,
) {}

/** The conversation as a file to keep. */
export class ExportConversation extends query(
  'chat.export-conversation.v1',
  z.object({ conversationId: z.uuid() }),
  ConversationExport,
) {}

/** The same for everybody. */
export class GetChatLimits extends query('chat.get-limits.v1', z.object({}), ChatLimits) {}

/** Which generation writes an answer; refuses whoever does not own the conversation. */
export class GetAnswer extends query(
  'chat.get-answer.v1',
  z.object({ conversationId: z.uuid(), messageId: z.uuid() }),
  z.object({ generationId: z.uuid(), status: MessageStatus }),
) {}

/** The path from the first message to the one that `messageId` answers, oldest first. For inference alone. */
export class GetPrompt extends query(
  'chat.get-prompt.v1',
  z.object({ conversationId: z.uuid(), messageId: z.uuid() }),
  z.object({ messages: z.array(ChatMessage) }),
) {}
