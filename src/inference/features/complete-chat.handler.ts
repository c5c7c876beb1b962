import { Config } from '@app/config';
import { Handles, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { CompleteChat } from '../contracts/index.js';
import { completeSampler } from '../generation/sampler.js';
import { ModelRegistry } from '../models/model-registry.js';

/** Straight from the engine to the caller: nothing is stored, and leaving ends it. So nobody else could go on with it. */
@Handles(CompleteChat, { onShutdown: 'finish' })
export class CompleteChatHandler {
  constructor(
    private readonly models: ModelRegistry,
    private readonly config: Config,
  ) {}

  async *handle(
    { model, messages, sampler: wanted, stop, jsonSchema }: DataOf<CompleteChat>,
    { signal }: MessageContext,
  ): AsyncGenerator<ResultOf<CompleteChat>> {
    const { engine, engineModel, id } = await this.models.resolve(model);
    const sampler = completeSampler(wanted, this.config.inference);
    yield { type: 'started', model: id, sampler };
    const grammar = jsonSchema && { jsonSchema };
    for await (const event of engine.generate({ model: engineModel, messages, sampler, stop, grammar }, signal)) {
      if (event.type === 'token') yield { type: 'token', text: event.text };
      if (event.type === 'finish') yield event;
    }
  }
}
