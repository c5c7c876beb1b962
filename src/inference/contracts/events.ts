import { event } from '@app/messaging';
import { z } from 'zod';
import { AnswerError, AnswerMetadata, FinalStatus } from './shapes.js';

/** A request of `/v1` and what it used; nothing of what was asked or answered. */
export const CompletionRecord = z.object({
  completionId: z.uuid(),
  userId: z.string().nullable(),
  status: FinalStatus.describe('`stopped`: the caller left'),
  model: z.string(),
  promptTokens: z.number(),
  completionTokens: z.number(),
  timeToFirstTokenMs: z.number().nullable(),
  durationMs: z.number(),
});
export type CompletionRecord = z.infer<typeof CompletionRecord>;

/** Requests of `/v1` that ended: those of one moment together, as each costs a caller nothing that way. */
export class CompletionsRecorded extends event(
  'inference.completions.recorded.v1',
  z.object({ completions: z.array(CompletionRecord).min(1) }),
) {}

/** A program asked for a completion that outlives it; what it asked is not in the event. */
export class CompletionRequested extends event(
  'inference.completion.requested.v1',
  z.object({ completionId: z.uuid() }),
) {}

/** The answer is final; its whole text is a fact of the event. */
export class GenerationFinished extends event(
  'inference.generation.finished.v1',
  z.object({
    generationId: z.uuid(),
    conversationId: z.uuid(),
    messageId: z.uuid(),
    status: FinalStatus,
    text: z.string(),
    error: AnswerError.nullable(),
    metadata: AnswerMetadata.nullable(),
  }),
) {}
