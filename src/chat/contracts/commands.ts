import { command } from '@app/messaging';
import { z } from 'zod';
import { SamplerInput } from '../../inference/contracts/index.js';
import { ConversationSummary, MessageView, SentMessage } from './views.js';

export const Title = z.string().trim().min(1).max(200);

/** An `id` made by the caller makes the command repeatable: the second time it only returns what is there. */
export class StartConversation extends command(
  'chat.start-conversation.v1',
  z.object({ id: z.uuid().optional(), title: Title.optional() }),
  ConversationSummary,
) {}

export class SendMessage extends command(
  'chat.send-message.v1',
  z.object({
    conversationId: z.uuid(),
    id: z.uuid().optional(),
    text: z.string(),
    parentId: z
      .uuid()
      .nullable()
      .optional()
      .describe('The message that this one follows; the newest answer if left out'),
    model: z.string().max(300).optional(),
    sampler: SamplerInput.optional(),
  }),
  SentMessage,
) {}

/** Asks for another answer to the same message; the earlier one stays as a sibling. */
export class RetryAnswer extends command(
  'chat.retry-answer.v1',
  z.object({
    conversationId: z.uuid(),
    messageId: z.uuid(),
    model: z.string().max(300).optional(),
    sampler: SamplerInput.optional(),
  }),
  MessageView,
) {}

export class StopAnswer extends command(
  'chat.stop-answer.v1',
  z.object({ conversationId: z.uuid(), messageId: z.uuid() }),
) {}

export class RenameConversation extends command(
  'chat.rename-conversation.v1',
  z.object({ conversationId: z.uuid(), title: Title }),
) {}

export class DeleteConversation extends command(
  'chat.delete-conversation.v1',
  z.object({ conversationId: z.uuid() }),
) {}
