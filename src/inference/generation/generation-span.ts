import { type Span, tracer } from '@app/observability';
import type { AnswerMetadata } from '../contracts/index.js';
import type { Sampler } from '../domain/engine.js';

/** What is told of an answer when it is over: facts and counts, and no word of it. */
type Facts = Pick<
  AnswerMetadata,
  'engine' | 'model' | 'promptTokens' | 'cachedPromptTokens' | 'completionTokens' | 'timeToFirstTokenMs'
> & { finishReason: AnswerMetadata['finishReason'] | null };

/** One answer of a model, from its claim to its end, by the names of OpenTelemetry's conventions for generative AI. */
export const startGenerationSpan = (sampler: Sampler): Span | undefined =>
  tracer()?.start({
    name: 'chat',
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.temperature': sampler.temperature,
      'gen_ai.request.top_p': sampler.topP,
      'gen_ai.request.top_k': sampler.topK,
      'gen_ai.request.seed': sampler.seed,
      'gen_ai.request.max_tokens': sampler.maxTokens,
    },
  });

export function describeGeneration(span: Span, facts: Facts): void {
  const { engine, model, timeToFirstTokenMs, finishReason } = facts;
  span.rename(`chat ${model}`);
  span.set({
    'gen_ai.provider.name': engine,
    'gen_ai.request.model': model,
    'gen_ai.response.model': model,
    'gen_ai.usage.input_tokens': facts.promptTokens,
    'gen_ai.usage.cache_read.input_tokens': facts.cachedPromptTokens,
    'gen_ai.usage.output_tokens': facts.completionTokens,
    'gen_ai.response.finish_reasons': finishReason === null ? undefined : [finishReason],
    'gen_ai.response.time_to_first_chunk': timeToFirstTokenMs === null ? undefined : timeToFirstTokenMs / 1000,
    'parley.placement': engine === 'llama-cpp' ? 'server' : 'upstream',
  });
}
