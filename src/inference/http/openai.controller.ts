import { Body, Controller, Get, Headers, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import { Returns, Scopes, sendEvents } from '@app/http';
import { DomainError, newId } from '@app/kernel';
import { MessageBus } from '@app/messaging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ListModels, type ModelView } from '../contracts/index.js';
import { collect, toChunks } from './completion-answer.js';
import { requestDurable } from './durable-completion.js';
import { ChatCompletion, ChatCompletionBody, OpenAiModelList, toCompleteChat } from './openai-shapes.js';

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

  /**
   * Without a key the answer lives as long as its request. With one it is generated once, whatever becomes of the request,
   * and the same request again reads it from its beginning, or from `Last-Event-ID` on.
   */
  @Post('chat/completions')
  @HttpCode(200)
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'A name for this request, 1 to 255 printable ASCII characters: sent again, it gets the same answer',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  })
  @Returns(200, ChatCompletion)
  async complete(
    @Body({ schema: ChatCompletionBody }) body: ChatCompletionBody,
    @Headers('idempotency-key') key: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const asked = toCompleteChat(body);
    const includeUsage = body.stream_options?.include_usage ?? false;
    if (key !== undefined) {
      const durable = await requestDurable(this.bus, asked.data, { key, lastEventId });
      if (durable.replayed) reply.raw.setHeader('idempotency-replayed', 'true');
      const items = (signal: AbortSignal) => durable.items(signal, () => request.server.isEnding());
      if (!body.stream) return collect(durable.head, items((request.client ?? new AbortController()).signal));
      await sendEvents(reply, request, (signal) => toChunks(durable.head, items(signal), includeUsage));
      return reply;
    }
    const items = this.bus.stream(asked, { whole: !body.stream })[Symbol.asyncIterator]();
    // The first item comes before any token: a model that cannot answer is a plain error, not a broken stream.
    const first = await items.next();
    if (first.done || first.value.type !== 'started') throw new Error('the completion did not start');
    const head = { id: `chatcmpl-${newId()}`, created: Math.floor(Date.now() / 1000), model: first.value.model };
    const rest = { [Symbol.asyncIterator]: () => items };
    if (!body.stream) return collect(head, rest);
    await sendEvents(reply, request, toChunks(head, rest, includeUsage), {
      onShutdown: 'finish',
    });
    return reply;
  }
}

const toOpenAiModel = (model: ModelView) => ({ id: model.id, object: 'model', created: 0, owned_by: model.engine });
