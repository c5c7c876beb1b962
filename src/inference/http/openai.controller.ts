import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Scopes, sendEvents, type SseEvent } from '@app/http';
import { DomainError, newId } from '@app/kernel';
import { MessageBus, type ResultOf } from '@app/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type CompleteChat, ListModels, type ModelView } from '../contracts/index.js';
import { ChatCompletion, ChatCompletionBody, OpenAiModelList, toCompleteChat } from './openai-shapes.js';

type Item = ResultOf<CompleteChat>;
type Finish = Extract<Item, { type: 'finish' }>;

/** OpenAI's API, as its official clients speak it. */
@ApiTags('openai')
@Scopes('inference')
@Controller('v1')
export class OpenAiController {
  constructor(private readonly bus: MessageBus) {}

  @Get('models')
  @Returns(200, OpenAiModelList)
  async models() {
    const { models } = await this.bus.query(new ListModels({}));
    return { object: 'list', data: models.map(toOpenAiModel) };
  }

  @Get('models/*')
  async model(@Param('*') id: string) {
    const { models } = await this.bus.query(new ListModels({}));
    const model = models.find((candidate) => candidate.id === id);
    if (!model)
      throw new DomainError('not-found', 'inference.unknown-model', `There is no model “${id}”.`, { model: id });
    return toOpenAiModel(model);
  }

  @Post('chat/completions')
  @HttpCode(200)
  @Returns(200, ChatCompletion)
  async complete(
    @Body({ schema: ChatCompletionBody }) body: ChatCompletionBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const items = this.bus.stream(toCompleteChat(body))[Symbol.asyncIterator]();
    // The first item comes before any token: a model that cannot answer is a plain error, not a broken stream.
    const first = await items.next();
    if (first.done || first.value.type !== 'started') throw new Error('the completion did not start');
    const head = { id: `chatcmpl-${newId()}`, created: Math.floor(Date.now() / 1000), model: first.value.model };
    const rest = { [Symbol.asyncIterator]: () => items };
    if (!body.stream) return collect(head, rest);
    await sendEvents(reply, request, toChunks(head, rest, body.stream_options?.include_usage ?? false), {
      onShutdown: 'finish',
    });
    return reply;
  }
}

interface Head {
  id: string;
  created: number;
  model: string;
}

const toOpenAiModel = (model: ModelView) => ({ id: model.id, object: 'model', created: 0, owned_by: model.engine });

const usageOf = ({ promptTokens, completionTokens, cachedPromptTokens }: Finish) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
  prompt_tokens_details: { cached_tokens: cachedPromptTokens },
});

async function collect(head: Head, items: AsyncIterable<Item>) {
  let content = '';
  for await (const item of items) {
    if (item.type === 'token') content += item.text;
    if (item.type !== 'finish') continue;
    const message = { role: 'assistant', content, refusal: null };
    const choice = { index: 0, message, finish_reason: item.reason, logprobs: null };
    return { ...head, object: 'chat.completion', choices: [choice], usage: usageOf(item) };
  }
  throw new DomainError('unavailable', 'inference.engine-crashed', 'The engine ended without finishing the answer.');
}

async function* toChunks(head: Head, items: AsyncIterable<Item>, includeUsage: boolean): AsyncGenerator<SseEvent> {
  const chunk = (delta: object, finish: string | null) => ({
    data: {
      id: head.id,
      object: 'chat.completion.chunk',
      created: head.created,
      model: head.model,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    },
  });
  yield chunk({ role: 'assistant', content: '' }, null);
  for await (const item of items) {
    if (item.type === 'token') yield chunk({ content: item.text }, null);
    if (item.type !== 'finish') continue;
    yield chunk({}, item.reason);
    if (includeUsage) yield { data: { ...chunk({}, null).data, choices: [], usage: usageOf(item) } };
  }
  yield { data: '[DONE]' };
}
