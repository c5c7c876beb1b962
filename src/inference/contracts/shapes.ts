import { z } from 'zod';

/** How tokens are picked. Whatever is left out takes the server's default. */
export const SamplerInput = z
  .object({
    temperature: z.number().min(0).max(2).describe('0 is greedy: always the likeliest token').optional(),
    topP: z.number().gt(0).max(1).describe('Nucleus: keep the likeliest tokens up to this probability mass').optional(),
    topK: z.int().min(0).max(1000).describe('Keep the likeliest K tokens; 0 keeps all').optional(),
    minP: z.number().min(0).max(1).describe('Drop tokens below this share of the likeliest').optional(),
    seed: z.int().min(0).max(0xffffffff).describe('Same seed, model and prompt: same answer').optional(),
    maxTokens: z.int().min(1).max(131_072).describe('Most tokens of an answer').optional(),
  })
  .meta({ id: 'SamplerInput' });
export type SamplerInput = z.infer<typeof SamplerInput>;

/** A LoRA adapter of the model that answers, on top of it for this answer. */
export const AdapterChoice = z
  .object({
    id: z.uuid(),
    version: z.int().min(1).describe('The newest that is ready if left out').optional(),
    scale: z.number().min(-4).max(4).default(1).describe('Strength: 1 as trained, 0 as if it were not there'),
  })
  .meta({ id: 'AdapterChoice' });
export type AdapterChoice = z.infer<typeof AdapterChoice>;

/** Which adapters one answer may have: none, or a few. */
export const AdapterChoices = z.array(AdapterChoice).max(4);

/** The adapter that really was there. */
export const UsedAdapter = z
  .object({ id: z.uuid(), name: z.string(), version: z.int(), scale: z.number(), digest: z.string() })
  .meta({ id: 'UsedAdapter' });
export type UsedAdapter = z.infer<typeof UsedAdapter>;

/** The sampler that really ran: every value is set, so that the answer can be reproduced. */
export const Sampler = z
  .object({
    temperature: z.number(),
    topP: z.number(),
    topK: z.number(),
    minP: z.number(),
    seed: z.number(),
    maxTokens: z.number(),
  })
  .meta({ id: 'Sampler' });
export type Sampler = z.infer<typeof Sampler>;

export const ChatMessage = z
  .object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })
  .meta({ id: 'ChatMessage' });
export type ChatMessage = z.infer<typeof ChatMessage>;

/** What only the browser that made an answer can know, signed by it. */
export const BrowserRunFacts = z
  .object({
    runtime: z.enum(['mediapipe', 'wllama']),
    startedAt: z.iso.datetime().describe("By the browser's clock"),
    finishedAt: z.iso.datetime().describe("By the browser's clock"),
    device: z.string().describe("Thumbprint (RFC 7638) of the browser's key"),
    proof: z
      .string()
      .describe('Compact JWS (ES256) over times, model and SHA-256 of the text; the key is in its header'),
  })
  .meta({ id: 'BrowserRunFacts' });

/** What is known of an answer once it is final. */
export const AnswerMetadata = z
  .object({
    engine: z.string().describe('llama-cpp, openai-compatible, browser'),
    model: z.string(),
    modelDigest: z.string().nullable().describe('SHA-256 of the model file, hex; null for an upstream'),
    adapterDigests: z.array(z.string()),
    adapters: z.array(UsedAdapter).optional().describe('Absent in answers of older versions'),
    sampler: Sampler,
    promptTokens: z.number(),
    completionTokens: z.number(),
    cachedPromptTokens: z.number().describe('Prompt tokens that an earlier turn had already evaluated'),
    timeToFirstTokenMs: z.number().nullable().describe('From the request being stored to the first stored token'),
    tokensPerSecond: z.number().nullable(),
    finishReason: z.enum(['stop', 'length', 'stopped', 'error']),
    continuations: z.number().describe('How often another worker or engine process took the answer over'),
    continuationMode: z.enum(['none', 'exact', 'fast']),
    browser: BrowserRunFacts.optional().describe('Of an answer that a browser made'),
  })
  .meta({ id: 'AnswerMetadata' });
export type AnswerMetadata = z.infer<typeof AnswerMetadata>;

export const AnswerError = z
  .object({
    code: z.string(),
    message: z.string(),
    kind: z
      .enum(['invalid', 'forbidden', 'not-found', 'conflict', 'too-large', 'unavailable', 'timeout', 'internal'])
      .optional()
      .describe('What kind of problem it is; absent in answers of older versions'),
  })
  .meta({ id: 'AnswerError' });
export type AnswerError = z.infer<typeof AnswerError>;

export const FinalStatus = z.enum(['complete', 'stopped', 'failed']);
export type FinalStatus = z.infer<typeof FinalStatus>;

export const GenerationPhase = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('queued'), position: z.number().describe('Answers that come before this one') }),
  z.object({ phase: z.literal('loading'), progress: z.number().min(0).max(1) }),
  z.object({ phase: z.literal('generating') }),
]);
export type GenerationPhase = z.infer<typeof GenerationPhase>;

/**
 * One item of a followed generation. `token`, `restart` and `done` carry the sequence number of the log, strictly
 * increasing; `status` is a passing remark and has none.
 */
export const GenerationEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('status'), status: GenerationPhase }),
  z.object({ type: z.literal('token'), sequence: z.number(), text: z.string() }),
  z.object({ type: z.literal('restart'), sequence: z.number(), reason: z.string() }),
  z.object({
    type: z.literal('done'),
    sequence: z.number(),
    status: FinalStatus,
    error: AnswerError.nullable(),
    metadata: AnswerMetadata.nullable(),
  }),
]);
export type GenerationEvent = z.infer<typeof GenerationEvent>;

export const ModelView = z
  .object({
    id: z.string(),
    name: z.string(),
    engine: z.enum(['llama-cpp', 'openai-compatible']),
    default: z.boolean(),
    digest: z.string().nullable(),
    contextLength: z.number().nullable(),
    sizeBytes: z.number().nullable(),
  })
  .meta({ id: 'ModelView' });
export type ModelView = z.infer<typeof ModelView>;
