import { command } from '@app/messaging';
import { z } from 'zod';
import { AdapterChoices, AnswerError, FinalStatus, Sampler, SamplerInput } from '../../inference/contracts/index.js';
import { BrowserAnswer, ConversationSummary, MessageView, SentMessage } from './views.js';

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
    adapters: AdapterChoices.optional().describe('On top of that model, for this answer'),
    sampler: SamplerInput.optional(),
    ifDeleted: z
      .enum(['refuse', 'recover'])
      .default('refuse')
      .describe('recover: a message that was written without knowing is kept in a new conversation'),
  }),
  SentMessage.extend({ generationId: z.uuid().nullable().describe('null: a browser writes the answer') }).meta({
    id: 'SentMessageWithGeneration',
  }),
) {}

/** Asks for another answer to the same message; the earlier one stays as a sibling. */
export class RetryAnswer extends command(
  'chat.retry-answer.v1',
  z.object({
    conversationId: z.uuid(),
    messageId: z.uuid(),
    model: z.string().max(300).optional(),
    adapters: AdapterChoices.optional(),
    sampler: SamplerInput.optional(),
  }),
  MessageView,
) {}

const modelDigest = z.string().regex(/^[0-9a-f]{64}$/);
const answer = { conversationId: z.uuid(), messageId: z.uuid() };

/**
 * Notes that the caller's browser begins an answer: to a message that is stored with it, or to one that is there
 * (`parentId`). Ids are the caller's, so that it can be repeated. No engine of the server takes part.
 */
export class StartBrowserAnswer extends command(
  'chat.start-browser-answer.v1',
  z.object({
    ...answer,
    message: z
      .object({
        id: z.uuid(),
        text: z.string(),
        parentId: z.uuid().nullable().describe('The answer that it follows; null begins the conversation'),
      })
      .nullable(),
    parentId: z.uuid().describe('The message that is answered'),
    model: z.string().min(1).max(300),
  }),
  BrowserAnswer,
) {}

/** More of the text, so that a reload loses little. What came before, or twice, changes nothing. */
export class GrowBrowserAnswer extends command(
  'chat.grow-browser-answer.v1',
  z.object({
    ...answer,
    at: z.int().min(0).describe('Characters (UTF-16) before it'),
    text: z.string().min(1).max(100_000),
  }),
) {}

/** What a browser tells of the answer that it made. */
export const BrowserRun = z
  .object({
    runtime: z.enum(['mediapipe', 'wllama']),
    model: z.string().min(1).max(300),
    modelDigest,
    adapterDigests: z.array(modelDigest).max(8),
    sampler: Sampler,
    promptTokens: z.int().min(0).max(10_000_000),
    completionTokens: z.int().min(0).max(10_000_000),
    timeToFirstTokenMs: z.number().min(0).max(86_400_000).nullable(),
    tokensPerSecond: z.number().min(0).max(1_000_000).nullable(),
    finishReason: z.enum(['stop', 'length', 'stopped', 'error']),
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime(),
  })
  .meta({ id: 'BrowserRun' });
export type BrowserRun = z.infer<typeof BrowserRun>;

/** The end of a browser's answer; the first end counts. Throws `chat.invalid-proof`, `chat.not-a-browser-answer`. */
export class FinishBrowserAnswer extends command(
  'chat.finish-browser-answer.v1',
  z.object({
    ...answer,
    status: FinalStatus,
    text: z.string().max(500_000),
    error: AnswerError.nullable(),
    run: BrowserRun,
    proof: z.string().max(4000).describe('Compact JWS (ES256) with the key in its header; see docs/api.md'),
  }),
) {}

/**
 * A whole turn that a browser made while it was offline: what was asked, if it is not there yet, and the finished answer.
 * Ids are the caller's, so that it can be repeated. After a deletion it is kept in a new conversation, whose id its messages
 * tell. Throws `chat.message-deleted` when it had come before the deletion, and what `StartBrowserAnswer` and
 * `FinishBrowserAnswer` throw.
 */
export class RecordBrowserTurn extends command(
  'chat.record-browser-turn.v1',
  z.object({
    ...StartBrowserAnswer.schema.shape,
    message: StartBrowserAnswer.schema.shape.message.unwrap(),
    ...FinishBrowserAnswer.schema.omit({ conversationId: true, messageId: true }).shape,
  }),
  SentMessage,
) {}

/** Counts of an answer whose text stays in the browser ("browser only"). Repeating it changes nothing. */
export class RecordBrowserUsage extends command(
  'chat.record-browser-usage.v1',
  z.object({ answerId: z.uuid(), status: FinalStatus, run: BrowserRun }),
) {}

export class StopAnswer extends command(
  'chat.stop-answer.v1',
  z.object({ conversationId: z.uuid(), messageId: z.uuid() }),
) {}

export class RenameConversation extends command(
  'chat.rename-conversation.v1',
  z.object({
    conversationId: z.uuid(),
    title: Title,
    changeId: z.uuid().optional().describe('Made by the caller: the same change that comes again changes nothing'),
  }),
) {}

export class DeleteConversation extends command(
  'chat.delete-conversation.v1',
  z.object({
    conversationId: z.uuid(),
    known: z
      .array(z.uuid())
      .max(2000)
      .optional()
      .describe('The last message of each branch that was seen: what came later is kept in a new conversation'),
  }),
) {}
