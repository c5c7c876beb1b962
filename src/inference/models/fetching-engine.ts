import {
  type ChatMessage,
  Engine,
  type EngineEvent,
  type EngineModel,
  type GenerateRequest,
} from '../domain/engine.js';
import { cancelled } from '../engines/cancelled.js';
import { EventQueue } from '../engines/event-queue.js';
import type { LocalModels } from './local-models.js';

/** Of the way to a loaded model, what is fetching its file; the rest is loading it. */
const FETCHING_PART = 0.9;

/** An engine that opens files, whose model's file is fetched first where it has to be: that is the beginning of loading. */
export class FetchingEngine extends Engine {
  constructor(
    private readonly engine: Engine,
    private readonly files: LocalModels,
  ) {
    super();
  }

  get name(): string {
    return this.engine.name;
  }

  get continuesPrefix(): boolean {
    return this.engine.continuesPrefix;
  }

  get takesAdapters(): boolean {
    return this.engine.takesAdapters;
  }

  async *generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<EngineEvent, void, void> {
    const fetched = await this.files.lacks(request.model);
    if (fetched) yield* this.fetch(request.model, signal);
    // Small beside the model: no progress to show.
    for (const { adapter } of request.adapters ?? []) await this.have(adapter, signal);
    for await (const event of this.engine.generate(request, signal))
      yield fetched && event.type === 'loading' ? loading(FETCHING_PART, 1 - FETCHING_PART, event.progress) : event;
  }

  async embed(model: string, texts: string[], signal?: AbortSignal): Promise<number[][]> {
    await this.have(model, signal);
    return this.engine.embed(model, texts, signal);
  }

  async countTokens(model: string, messages: ChatMessage[], signal?: AbortSignal): Promise<number> {
    await this.have(model, signal);
    return this.engine.countTokens(model, messages, signal);
  }

  models(): Promise<EngineModel[]> {
    return this.engine.models();
  }

  unload(model: string): Promise<void> {
    return this.engine.unload(model);
  }

  unloadAdapter(adapter: string): Promise<void> {
    return this.engine.unloadAdapter(adapter);
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  private async *fetch(model: string, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const left = new AbortController();
    const events = new EventQueue<EngineEvent>();
    yield loading(0, FETCHING_PART, 0);
    const stop = AbortSignal.any([signal, left.signal]);
    let shown = 0;
    const fetching = this.files.fetch(model, stop, (progress) => {
      // A hundred steps are enough to look at.
      if (progress - shown < 0.01) return;
      shown = progress;
      events.push(loading(0, FETCHING_PART, progress));
    });
    fetching.then(
      () => events.end(),
      (error: unknown) => events.end(signal.aborted ? cancelled() : error),
    );
    try {
      yield* events;
    } finally {
      left.abort();
    }
  }

  private async have(model: string, signal = new AbortController().signal): Promise<void> {
    if (!(await this.files.lacks(model))) return;
    await this.files
      .fetch(model, signal, () => undefined)
      .catch((error: unknown) => {
        throw signal.aborted ? cancelled() : error;
      });
  }
}

const loading = (from: number, part: number, progress: number): EngineEvent => ({
  type: 'loading',
  progress: from + part * progress,
});
