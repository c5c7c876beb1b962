import { query, streamQuery } from '@app/messaging';
import { z } from 'zod';
import { AdapterChoices, ChatMessage, GenerationEvent, ModelView, Sampler, SamplerInput } from './shapes.js';

/** Every model that can answer now: installed ones and those of the upstream. */
export class ListModels extends query(
  'inference.list-models.v1',
  z.object({}),
  z.object({ models: z.array(ModelView) }),
) {}

/** What the machine of the local engine has for models, so that others can tell what will fit. */
export class GetCapacity extends query(
  'inference.get-capacity.v1',
  z.object({}),
  z.object({
    memoryTotalBytes: z.number().describe('Of the machine, or of the container where that has a limit'),
    memoryFreeBytes: z.number().describe('Of that, free or soon to be had, now'),
    memoryBudgetBytes: z.number().describe('For loaded models (INFERENCE_MEMORY_MIB)'),
    cores: z.int(),
    threads: z.int().describe('That evaluate (INFERENCE_THREADS)'),
    parallel: z.int().describe('Answers of one model at the same time (INFERENCE_PARALLEL)'),
    contextTokens: z.int().describe('Most tokens of prompt and answer together (INFERENCE_CONTEXT_TOKENS)'),
  }),
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

/** What a completion is asked with. */
export const CompletionRequest = z.object({
  model: z.string().nullable(),
  messages: z.array(ChatMessage).min(1),
  adapters: AdapterChoices.optional(),
  sampler: SamplerInput,
  stop: z.array(z.string()).max(4).optional(),
  jsonSchema: z.record(z.string(), z.unknown()).optional(),
});
export type CompletionRequest = z.infer<typeof CompletionRequest>;

/** An attached completion: it lives as long as its reader. */
export class CompleteChat extends streamQuery(
  'inference.complete-chat.v1',
  CompletionRequest,
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
