import { getLlama, LlamaLogLevel, type Llama } from 'node-llama-cpp';
import type { AdapterUse } from '../../../domain/engine.js';
import type { ChildSettings, Job, JobResults, ToChild } from '../protocol.js';
import { Failure } from './failure.js';
import { generate } from './generation.js';
import { LoadedModel } from './loaded-model.js';
import { Outbox } from './outbox.js';

/** The native library reports each tensor. */
const progressStep = 0.02;

/** Answers the parent's jobs until the channel closes. */
export function serve(): void {
  const settings = JSON.parse(process.argv[2]!) as ChildSettings;
  const outbox = new Outbox();
  const jobs = new Jobs(settings, outbox);
  // Not even a hung native library or a template in a loop may outlive the parent: no exit handlers, no waiting.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.on('message', (message: ToChild) => {
    if (message.type === 'ping') outbox.flush();
    else if (message.type === 'cancel') jobs.cancel(message.id);
    else void jobs.run(message.id, message.job);
  });
}

type JobOf<T extends Job['type']> = Extract<Job, { type: T }>;

class Jobs {
  readonly #settings: ChildSettings;
  readonly #outbox: Outbox;
  readonly #running = new Map<number, AbortController>();
  readonly #models = new Map<string, LoadedModel>();
  #llama: Promise<Llama> | undefined;

  constructor(settings: ChildSettings, outbox: Outbox) {
    this.#settings = settings;
    this.#outbox = outbox;
  }

  cancel(id: number): void {
    this.#running.get(id)?.abort();
  }

  async run(id: number, job: Job): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      this.#outbox.add({ id, done: await this.#work(id, job, controller.signal) });
    } catch (error) {
      const { json } = error instanceof Failure ? error : unexpected(error);
      this.#outbox.add({ id, failed: json });
    } finally {
      this.#running.delete(id);
    }
  }

  async #work(id: number, job: Job, signal: AbortSignal): Promise<JobResults[keyof JobResults]> {
    switch (job.type) {
      case 'load': {
        let reported = -1;
        const model = await LoadedModel.load(await this.#engine(), job, this.#settings, {
          progress: (progress) => {
            this.#outbox.steps++;
            if (progress - reported < progressStep && progress < 1) return;
            reported = progress;
            this.#outbox.add({ id, event: { type: 'loading', progress } });
          },
          step: () => this.#outbox.steps++,
        });
        this.#models.set(job.model, model);
        return { contextTokens: model.contextTokens };
      }
      case 'unload': {
        const model = this.#models.get(job.model);
        this.#models.delete(job.model);
        await model?.dispose();
        return null;
      }
      case 'open':
        await this.#open(this.#loaded(job.model), job.adapters);
        return null;
      case 'close':
        await this.#models.get(job.model)?.close(job.adapters);
        return null;
      case 'generate':
        await this.#generate(id, job, signal);
        return null;
      case 'embed':
        return this.#loaded(job.model).embed(job.texts, signal);
      case 'count':
        return this.#loaded(job.model).prompt.tokens(job.messages).length;
    }
  }

  async #generate(id: number, { model, request }: JobOf<'generate'>, signal: AbortSignal): Promise<void> {
    let begun = false;
    await generate(this.#loaded(model), request, signal, (event) => {
      const isToken = event.type === 'token';
      // The first one is what a reader waits for.
      this.#outbox.add({ id, event }, isToken && begun ? request.gatherMs : 0);
      begun ||= isToken;
    });
  }

  async #open(model: LoadedModel, adapters: AdapterUse[]): Promise<void> {
    try {
      await model.open(adapters);
    } catch (error) {
      process.stderr.write(`${String(error)}\n`);
      throw new Failure('invalid', 'inference.adapter-unusable', 'The engine refuses the adapter.');
    }
  }

  #loaded(model: string): LoadedModel {
    const loaded = this.#models.get(model);
    if (!loaded) throw new Failure('internal', 'inference.model-not-loaded', 'The model is not loaded.');
    return loaded;
  }

  #engine(): Promise<Llama> {
    return (this.#llama ??= getLlama({
      gpu: this.#settings.gpu ? 'auto' : false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      maxThreads: this.#settings.threads,
      logLevel: LlamaLogLevel.warn,
      logger: (level, message) => process.stderr.write(`${level}: ${message.trimEnd()}\n`),
    }));
  }
}

/** The parent logs what the child writes on stderr; callers learn no internals. */
function unexpected(error: unknown): Failure {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return new Failure('internal', 'inference.engine-failed', 'The model could not do this.');
}
