import { DomainError } from '@app/kernel';
import { z } from 'zod';
import { AdapterChoice, type ChatMessage, CompleteChat } from '../contracts/index.js';

/** The shapes of OpenAI's API that Parley serves; names and spelling are theirs. */

const TextPart = z.object({ type: z.literal('text'), text: z.string() });
const Content = z.union([z.string(), z.array(TextPart).min(1)]);
const Message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: Content,
  name: z.string().optional(),
});

const ResponseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({
      name: z.string().optional(),
      strict: z.boolean().nullish(),
      schema: z.record(z.string(), z.unknown()),
    }),
  }),
]);

/** Unknown fields pass, as OpenAI's clients send many; what would change the answer and is not served is refused. */
export const ChatCompletionBody = z
  .looseObject({
    model: z.string().min(1).max(300).describe('Id of a model; `<model>:<adapter id>` for one with an adapter'),
    adapters: z.array(AdapterChoice).max(4).nullish().describe('LoRA adapters of that model, on top of it'),
    messages: z.array(Message).min(1).max(2000),
    stream: z.boolean().nullish(),
    stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().gt(0).max(1).nullish(),
    top_k: z.int().min(0).max(1000).nullish(),
    min_p: z.number().min(0).max(1).nullish(),
    seed: z.int().min(0).max(0xffffffff).nullish(),
    max_tokens: z.int().min(1).max(131_072).nullish(),
    max_completion_tokens: z.int().min(1).max(131_072).nullish(),
    stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).nullish(),
    response_format: ResponseFormat.nullish(),
    n: z.int().nullish(),
    tools: z.array(z.unknown()).nullish(),
    logprobs: z.boolean().nullish(),
  })
  .meta({ id: 'ChatCompletionBody' });
export type ChatCompletionBody = z.output<typeof ChatCompletionBody>;

const text = (content: z.output<typeof Content>): string =>
  typeof content === 'string' ? content : content.map((part) => part.text).join('');

const notServed = (param: string) =>
  new DomainError('invalid', 'inference.unsupported-parameter', `“${param}” is not supported.`, { param });

export function toCompleteChat(body: ChatCompletionBody): CompleteChat {
  if ((body.n ?? 1) !== 1) throw notServed('n');
  if (body.tools?.length) throw notServed('tools');
  if (body.logprobs) throw notServed('logprobs');
  const format = body.response_format;
  const { model, adapters } = modelOf(body);
  return new CompleteChat({
    model,
    adapters,
    messages: body.messages.map(({ role, content }): ChatMessage => ({
      role: role === 'developer' ? 'system' : role,
      content: text(content),
    })),
    sampler: {
      temperature: body.temperature ?? undefined,
      topP: body.top_p ?? undefined,
      topK: body.top_k ?? undefined,
      minP: body.min_p ?? undefined,
      seed: body.seed ?? undefined,
      maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    },
    stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? undefined),
    jsonSchema:
      format?.type === 'json_schema'
        ? format.json_schema.schema
        : format?.type === 'json_object'
          ? { type: 'object', additionalProperties: true }
          : undefined,
  });
}

/** Clients that know no other field name the adapter with the model; an adapter's id is nothing that a model ends with. */
function modelOf({ model, adapters }: ChatCompletionBody) {
  const [, base, id] = /^(.+):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(model) ?? [];
  if (base && id) return { model: base, adapters: [{ id, scale: 1 }, ...(adapters ?? [])] };
  return { model, adapters: adapters ?? undefined };
}

export const Usage = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  total_tokens: z.number(),
  prompt_tokens_details: z.object({ cached_tokens: z.number() }),
});

export const ChatCompletion = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.number(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.number(),
        message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
        finish_reason: z.enum(['stop', 'length']),
        logprobs: z.null(),
      }),
    ),
    usage: Usage,
  })
  .meta({ id: 'ChatCompletion' });

export const OpenAiModelList = z
  .object({
    object: z.literal('list'),
    data: z.array(z.object({ id: z.string(), object: z.literal('model'), created: z.number(), owned_by: z.string() })),
  })
  .meta({ id: 'OpenAiModelList' });
