import { event } from '@app/messaging';
import { z } from 'zod';
import { AnswerError, AnswerMetadata, FinalStatus } from './shapes.js';

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
