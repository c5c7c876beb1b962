import { Config } from '@app/config';
import { MessageBus, OnEvent, type DataOf, type MessageContext } from '@app/messaging';
import { AnswerRequested, GetPrompt } from '../../chat/contracts/index.js';
import { Completions } from '../completions/completions.js';
import {
  type AdapterChoice,
  CompletionRequested,
  CompletionsRecorded,
  GenerationFinished,
  type SamplerInput,
} from '../contracts/index.js';
import { type AnswerEnd, GenerationRunner, type Order } from '../generation/generation-runner.js';
import { completeSampler } from '../generation/sampler.js';
import { AdapterRegistry } from '../models/adapter-registry.js';
import { ModelRegistry } from '../models/model-registry.js';
import { type GenerationKey, Generations } from '../persistence/generations.js';

/**
 * The worker. Its message is acknowledged only when the answer is final, so a dead worker's answer comes to another one,
 * which continues from the log. It takes as many answers at once as the engine has slots, whoever asked for them.
 */
@OnEvent<AnswerRequested | CompletionRequested>([AnswerRequested, CompletionRequested], {
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
    private readonly completions: Completions,
    private readonly bus: MessageBus,
    private readonly config: Config,
  ) {}

  get slots(): number {
    return this.config.inference.parallel;
  }

  handle(asked: DataOf<AnswerRequested> | DataOf<CompletionRequested>, context: MessageContext): Promise<void> {
    return 'completionId' in asked ? this.complete(asked, context) : this.answer(asked, context);
  }

  private async answer(answer: DataOf<AnswerRequested>, { signal }: MessageContext): Promise<void> {
    const { generationId, conversationId, messageId } = answer;
    const key = { generationId, conversationId, messageId };
    // Asked together with the claim, to spare the first token a round trip.
    const asked = this.bus.query(new GetPrompt({ conversationId, messageId }));
    asked.catch(() => undefined);
    await this.generate(key, answer, signal, {
      prompt: async () => (await asked).messages,
      finished: (end) => new GenerationFinished({ ...key, ...end }),
    });
  }

  private async complete({ completionId }: DataOf<CompletionRequested>, context: MessageContext): Promise<void> {
    const request = await this.completions.request(completionId);
    // Its time was over before its turn came.
    if (!request) return;
    const { messages, stop, jsonSchema } = request;
    const key = { generationId: completionId, conversationId: null, messageId: null };
    const userId = context.actor?.userId ?? null;
    const began = Date.now();
    await this.generate(key, request, context.signal, {
      prompt: () => Promise.resolve(messages),
      limits: { stop, grammar: jsonSchema && { jsonSchema } },
      finished: (end) => recordOf(completionId, userId, Date.now() - began, end),
    });
  }

  private async generate(
    key: GenerationKey,
    wanted: { model: string | null; adapters?: AdapterChoice[]; sampler: SamplerInput },
    signal: AbortSignal,
    order: Omit<Order, 'model'>,
  ): Promise<void> {
    const { model, adapters = [] } = wanted;
    const sampler = completeSampler(wanted.sampler, this.config.inference);
    // Known models are claimed together with the answer; what is wrong with another is said once the claim is ours.
    const known = await this.models.resolve(model).catch(() => null);
    const claim = await this.generations.claim(key, sampler, adapters.length === 0 ? known : null);
    if (!claim) return;
    const resolved = async () => this.adapters.add(known ?? (await this.models.resolve(model)), adapters);
    await this.runner.run(key.generationId, claim, { ...order, model: resolved }, signal);
  }
}

/** Counts alone: the text is the caller's. */
function recordOf(completionId: string, userId: string | null, durationMs: number, { status, metadata }: AnswerEnd) {
  const { promptTokens = 0, completionTokens = 0, timeToFirstTokenMs = null, model = 'unknown' } = metadata ?? {};
  const counts = { promptTokens, completionTokens, timeToFirstTokenMs, durationMs };
  return new CompletionsRecorded({ completions: [{ completionId, userId, status, model, ...counts }] });
}
