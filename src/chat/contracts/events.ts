import { event } from '@app/messaging';
import { z } from 'zod';
import { AnswerError, AnswerMetadata, FinalStatus, SamplerInput } from '../../inference/contracts/index.js';

const conversationId = z.uuid();

export class ConversationStarted extends event(
  'chat.conversation.started.v1',
  z.object({ conversationId, ownerId: z.uuid(), title: z.string().nullable() }),
) {}

export class ConversationRenamed extends event(
  'chat.conversation.renamed.v1',
  z.object({ conversationId, title: z.string(), by: z.enum(['owner', 'system']) }),
) {}

export class ConversationDeleted extends event(
  'chat.conversation.deleted.v1',
  z.object({ conversationId, generationIds: z.array(z.uuid()) }),
) {}

export class MessageSent extends event(
  'chat.message.sent.v1',
  z.object({ conversationId, messageId: z.uuid(), parentId: z.uuid().nullable(), text: z.string() }),
) {}

export class AnswerRequested extends event(
  'chat.answer.requested.v1',
  z.object({
    conversationId,
    messageId: z.uuid(),
    parentId: z.uuid(),
    generationId: z.uuid(),
    model: z.string().nullable().describe('null: whatever is the default when it runs'),
    sampler: SamplerInput,
  }),
) {}

export class AnswerStopRequested extends event(
  'chat.answer.stop-requested.v1',
  z.object({ conversationId, messageId: z.uuid(), generationId: z.uuid() }),
) {}

export class AnswerFinished extends event(
  'chat.answer.finished.v1',
  z.object({
    conversationId,
    ownerId: z.uuid().optional().describe('Absent in events of older versions, as is the title'),
    title: z.string().optional().describe('Of the conversation at that time'),
    messageId: z.uuid(),
    status: FinalStatus,
    text: z.string(),
    error: AnswerError.nullable(),
    metadata: AnswerMetadata.nullable(),
  }),
) {}
