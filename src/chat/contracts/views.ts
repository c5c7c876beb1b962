import { z } from 'zod';
import { AnswerError, AnswerMetadata, ChatMessage } from '../../inference/contracts/index.js';

export const ConversationSummary = z
  .object({ id: z.uuid(), title: z.string(), createdAt: z.iso.datetime(), updatedAt: z.iso.datetime() })
  .meta({ id: 'ConversationSummary' });
export type ConversationSummary = z.infer<typeof ConversationSummary>;

export const ConversationPage = z
  .object({ items: z.array(ConversationSummary), nextCursor: z.string().nullable() })
  .meta({ id: 'ConversationPage' });
export type ConversationPage = z.infer<typeof ConversationPage>;

export const MessageStatus = z.enum(['complete', 'pending', 'stopped', 'failed']);

/** One node of a conversation's tree. Siblings (same parent) are retries or edits of each other. */
export const MessageView = z
  .object({
    id: z.uuid(),
    conversationId: z.uuid(),
    parentId: z.uuid().nullable(),
    role: z.enum(['user', 'assistant']),
    text: z.string().describe('Empty while the server writes an answer: follow its stream'),
    status: MessageStatus,
    runsIn: z.enum(['server', 'browser']).describe('Who writes it; a pending answer of a browser has no stream'),
    model: z.string().nullable(),
    error: AnswerError.nullable(),
    metadata: AnswerMetadata.nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'MessageView' });
export type MessageView = z.infer<typeof MessageView>;

export const ConversationView = z
  .object({ ...ConversationSummary.shape, messages: z.array(MessageView) })
  .meta({ id: 'ConversationView' });
export type ConversationView = z.infer<typeof ConversationView>;

export const SentMessage = z.object({ message: MessageView, answer: MessageView }).meta({ id: 'SentMessage' });

/** An answer that the caller's browser now writes, to this prompt. */
export const BrowserAnswer = z
  .object({ message: MessageView, answer: MessageView, prompt: z.array(ChatMessage) })
  .meta({ id: 'BrowserAnswer' });

/** A whole conversation as a file: every message with its parent, engine, digests and token counts. */
export const ConversationExport = z
  .object({
    format: z.literal('parley.conversation'),
    version: z.literal(1),
    exportedAt: z.iso.datetime(),
    conversation: ConversationSummary,
    messages: z.array(MessageView),
  })
  .meta({ id: 'ConversationExport' });

/** What a client may know before it sends: settings of the server that it refuses a message by. */
export const ChatLimits = z
  .object({ maxMessageChars: z.int().describe('Longest message, in UTF-16 units (`CHAT_MAX_MESSAGE_CHARS`)') })
  .meta({ id: 'ChatLimits' });
export type ChatLimits = z.infer<typeof ChatLimits>;
