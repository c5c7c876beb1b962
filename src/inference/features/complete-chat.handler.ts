import { Config } from '@app/config';
import { Handles, type DataOf, type MessageContext, type ResultOf } from '@app/messaging';
import { CompleteChat } from '../contracts/index.js';
import { completeSampler } from '../generation/sampler.js';
import { AdapterRegistry } from '../models/adapter-registry.js';
import { ModelRegistry } from '../models/model-registry.js';

/** Straight from the engine to the caller: nothing is stored, and leaving ends it. So nobody else could go on with it. */
@Handles(CompleteChat, { onShutdown: 'finish' })
export class CompleteChatHandler {
  constructor(
    private readonly models: ModelRegistry,
    private readonly adapterRegistry: AdapterRegistry,
    private readonly config: Config,
  ) {}

  async *handle(
    { model, messages, adapters: choices = [], sampler: wanted, stop, jsonSchema }: DataOf<CompleteChat>,
    { signal }: MessageContext,
  ): AsyncGenerator<ResultOf<CompleteChat>> {
    const resolved = await this.adapterRegistry.add(await this.models.resolve(model), choices);
    const { engine, engineModel, id, adapters } = resolved;
    const sampler = completeSampler(wanted, this.config.inference);
    yield { type: 'started', model: id, sampler };
    const grammar = jsonSchema && { jsonSchema };
    const request = { model: engineModel, messages, adapters, sampler, stop, grammar };
    for await (const event of engine.generate(request, signal)) {
      if (event.type === 'token') yield { type: 'token', text: event.text };
      if (event.type === 'finish') yield event;
    }
  }
}
