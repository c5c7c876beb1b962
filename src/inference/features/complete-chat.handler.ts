import { Config } from '@app/config';
import { newId } from '@app/kernel';
import { Handles, type DataOf, type MessageContext, type ResultOf, streamBelow } from '@app/messaging';
import { CompletionRecorder } from '../completions/completion-recorder.js';
import { CompleteChat, type FinalStatus } from '../contracts/index.js';
import type { EngineEvent } from '../domain/engine.js';
import { describeGeneration, startGenerationSpan } from '../generation/generation-span.js';
import { completeSampler } from '../generation/sampler.js';
import { AdapterRegistry } from '../models/adapter-registry.js';
import { ModelRegistry } from '../models/model-registry.js';

/** Straight from the engine to the caller: no text is stored, and leaving ends it. So nobody else could go on with it. */
@Handles(CompleteChat, { onShutdown: 'finish' })
export class CompleteChatHandler {
  constructor(
    private readonly models: ModelRegistry,
    private readonly adapterRegistry: AdapterRegistry,
    private readonly recorder: CompletionRecorder,
    private readonly config: Config,
  ) {}

  async *handle(
    { model, messages, adapters: choices = [], sampler: wanted, stop, jsonSchema }: DataOf<CompleteChat>,
    { signal, actor }: MessageContext,
  ): AsyncGenerator<ResultOf<CompleteChat>> {
    const resolved = await this.adapterRegistry.add(await this.models.resolve(model), choices);
    const { engine, engineModel, id, adapters } = resolved;
    const sampler = completeSampler(wanted, this.config.inference);
    const used = new Used();
    const span = startGenerationSpan(sampler);
    // Whoever leaves, leaves in the middle.
    let status: FinalStatus = 'stopped';
    let failure: unknown;
    try {
      yield { type: 'started', model: id, sampler };
      const grammar = jsonSchema && { jsonSchema };
      const request = { model: engineModel, messages, adapters, sampler, stop, grammar };
      for await (const event of streamBelow(span, engine.generate(request, signal))) {
        used.see(event);
        if (event.type === 'token') yield { type: 'token', text: event.text };
        if (event.type !== 'finish') continue;
        status = 'complete';
        yield event;
      }
    } catch (error) {
      if (!signal.aborted) status = 'failed';
      failure = error;
      throw error;
    } finally {
      if (span) describeGeneration(span, { engine: engine.name, model: id, ...used.sum(), ...used.end() });
      span?.end(failure);
      await this.recorder.record({
        ...used.sum(),
        completionId: newId(),
        userId: actor?.userId ?? null,
        status,
        model: id,
      });
    }
  }
}

/** Counts along, so that what a caller who left has used is known too. */
class Used {
  private finishReason: 'stop' | 'length' | null = null;
  private cachedPromptTokens = 0;
  private readonly began = performance.now();
  private firstTokenMs: number | null = null;
  private promptTokens = 0;
  private completionTokens = 0;

  see(event: EngineEvent): void {
    if (event.type === 'token') {
      this.firstTokenMs ??= performance.now() - this.began;
      this.completionTokens += Math.max(1, event.tokenIds.length);
    } else if (event.type === 'prompt') {
      this.promptTokens = event.promptTokens;
      this.cachedPromptTokens = event.cachedTokens;
    } else if (event.type === 'finish') {
      this.promptTokens = event.promptTokens;
      this.cachedPromptTokens = event.cachedPromptTokens;
      this.completionTokens = event.completionTokens;
      this.finishReason = event.reason;
    }
  }

  end() {
    const { finishReason, cachedPromptTokens } = this;
    return { finishReason, cachedPromptTokens };
  }

  sum() {
    return {
      promptTokens: this.promptTokens,
      completionTokens: this.completionTokens,
      timeToFirstTokenMs: this.firstTokenMs === null ? null : Math.round(this.firstTokenMs),
      durationMs: Math.round(performance.now() - this.began),
    };
  }
}
