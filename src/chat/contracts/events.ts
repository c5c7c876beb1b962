import { event } from '@app/messaging';
import { z } from 'zod';
import {
  AdapterChoices,
  AnswerError,
  AnswerMetadata,
  FinalStatus,
  SamplerInput,
} from '../../inference/contracts/index.js';
import { BrowserRun } from './commands.js';
import { MessageStatus } from './views.js';

const conversationId = z.uuid();

export class ConversationStarted extends event(
  'chat.conversation.started.v1',
  z.object({ conversationId, ownerId: z.uuid(), title: z.string().nullable() }),
) {}

export class ConversationRenamed extends event(
  'chat.conversation.renamed.v1',
  z.object({
    conversationId,
    title: z.string(),
    by: z.enum(['owner', 'system']),
    changeId: z.uuid().optional().describe('The caller’s, so that a repeat is known'),
  }),
) {}

export class ConversationDeleted extends event(
  'chat.conversation.deleted.v1',
  z.object({ conversationId, generationIds: z.array(z.uuid()) }),
) {}

/** Something came for a conversation after it was deleted, or was not known to who deleted it: it is kept in another one. */
export class ConversationRecovered extends event(
  'chat.conversation.recovered.v1',
  z.object({ conversationId, intoId: z.uuid() }),
) {}

/** A message that another conversation held, as it was when that was deleted. */
export class MessageRecovered extends event(
  'chat.message.recovered.v1',
  z.object({
    conversationId,
    messageId: z.uuid(),
    parentId: z.uuid().nullable(),
    role: z.enum(['user', 'assistant']),
    text: z.string(),
    status: MessageStatus.describe('pending: a browser may still end it'),
    model: z.string().nullable(),
    generationId: z.uuid().nullable(),
    error: AnswerError.nullable(),
    metadata: AnswerMetadata.nullable(),
    createdAt: z.iso.datetime(),
  }),
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
    adapters: AdapterChoices.optional(),
    sampler: SamplerInput,
  }),
) {}

/** A browser answers: nobody on the server has to. */
export class BrowserAnswerStarted extends event(
  'chat.browser-answer.started.v1',
  z.object({ conversationId, messageId: z.uuid(), parentId: z.uuid(), model: z.string() }),
) {}

/** More of its text, saved while it is written. */
export class BrowserAnswerGrew extends event(
  'chat.browser-answer.grew.v1',
  z.object({ conversationId, messageId: z.uuid(), at: z.number(), text: z.string() }),
) {}

/** What an answer in a browser used; never any of its text. One an answer. */
export class BrowserUsageRecorded extends event(
  'chat.browser-usage.recorded.v1',
  z.object({
    answerId: z.uuid(),
    conversationId: z.uuid().nullable().describe('null: the conversation is in that browser only'),
    status: FinalStatus,
    run: BrowserRun,
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
