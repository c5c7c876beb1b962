import { Config } from '@app/config';
import { MessageBus, OnEvent, type DataOf, type MessageContext } from '@app/messaging';
import { AnswerRequested, GetPrompt } from '../../chat/contracts/index.js';
import { GenerationRunner } from '../generation/generation-runner.js';
import { completeSampler } from '../generation/sampler.js';
import { AdapterRegistry } from '../models/adapter-registry.js';
import { ModelRegistry } from '../models/model-registry.js';
import { Generations } from '../persistence/generations.js';

/**
 * The worker. Its message is acknowledged only when the answer is final, so a dead worker's answer comes to another one,
 * which continues from the log. It takes as many answers at once as the engine has slots.
 */
@OnEvent(AnswerRequested, {
  queue: 'inference.generate-on-answer-requested',
  transaction: false,
  // Its claim says whether there is anything left to do.
  inbox: false,
  concurrency: (worker: GenerateOnAnswerRequestedHandler) => worker.slots,
  attempts: 50,
  // Somebody waits for it.
  backoff: { baseMs: 200, maxMs: 5_000 },
})
export class GenerateOnAnswerRequestedHandler {
  constructor(
    private readonly generations: Generations,
    private readonly runner: GenerationRunner,
    private readonly models: ModelRegistry,
    private readonly adapters: AdapterRegistry,
    private readonly bus: MessageBus,
    private readonly config: Config,
  ) {}

  get slots(): number {
    return this.config.inference.parallel;
  }

  async handle(answer: DataOf<AnswerRequested>, context: MessageContext): Promise<void> {
    const { generationId, conversationId, messageId, model, adapters = [] } = answer;
    const key = { generationId, conversationId, messageId };
    const sampler = completeSampler(answer.sampler, this.config.inference);
    // Known models are claimed together with the answer; what is wrong with another is said once the claim is ours.
    const known = await this.models.resolve(model).catch(() => null);
    // Asked together with the claim, to spare the first token a round trip.
    const asked = this.bus.query(new GetPrompt({ conversationId, messageId }));
    asked.catch(() => undefined);
    const claim = await this.generations.claim(key, sampler, adapters.length === 0 ? known : null);
    if (!claim) return;
    const order = {
      model: async () => this.adapters.add(known ?? (await this.models.resolve(model)), adapters),
      prompt: async () => (await asked).messages,
    };
    await this.runner.run(key, claim, order, context.signal);
  }
}
