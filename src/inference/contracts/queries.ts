import { query, streamQuery } from '@app/messaging';
import { z } from 'zod';
import { AdapterChoices, ChatMessage, GenerationEvent, ModelView, Sampler, SamplerInput } from './shapes.js';

/** Every model that can answer now: installed ones and those of the upstream. */
export class ListModels extends query(
  'inference.list-models.v1',
  z.object({}),
  z.object({ models: z.array(ModelView) }),
) {}

/**
 * Follows a generation from the log: first what is stored after `after`, then what comes, until it is final.
 * Whoever asks has checked that the reader may see it.
 */
export class StreamGeneration extends streamQuery(
  'inference.stream-generation.v1',
  z.object({
    generationId: z.uuid(),
    after: z.int().min(0).describe('Last sequence number the reader has; 0 for none'),
    fresh: z.boolean().optional().describe('Asked for just now: there is nothing in the log yet'),
  }),
  GenerationEvent,
) {}

/** An attached completion: it lives as long as its reader. */
export class CompleteChat extends streamQuery(
  'inference.complete-chat.v1',
  z.object({
    model: z.string().nullable(),
    messages: z.array(ChatMessage).min(1),
    adapters: AdapterChoices.optional(),
    sampler: SamplerInput,
    stop: z.array(z.string()).max(4).optional(),
    jsonSchema: z.record(z.string(), z.unknown()).optional(),
  }),
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('started'), model: z.string(), sampler: Sampler }),
    z.object({ type: z.literal('token'), text: z.string() }),
    z.object({
      type: z.literal('finish'),
      reason: z.enum(['stop', 'length']),
      promptTokens: z.number(),
      cachedPromptTokens: z.number(),
      completionTokens: z.number(),
    }),
  ]),
) {}
