import type { Type } from '@nestjs/common';
import { ConfigModule, loadConfig } from '@app/config';
import { DomainError } from '@app/kernel';
import { eventMetadata, MessagingModule } from '@app/messaging';
import { Database, PersistenceModule } from '@app/persistence';
import { Test, type TestingModule } from '@nestjs/testing';
import { Engine, type EngineEvent, type EngineModel, type GenerateRequest } from './domain/engine.js';
import { InferenceModule } from './inference.module.js';
import { ENGINES, type Engines } from './models/model-registry.js';

/** An engine that says `w1 w2 …` and waits for `go` before each word. */
export class ScriptedEngine extends Engine {
  readonly takesAdapters = false;
  readonly name = 'llama-cpp';
  readonly continuesPrefix = true;
  readonly requests: GenerateRequest[] = [];
  words = 5;
  /** Called before each word; a test may wait or throw here. */
  beforeWord: (word: number, request: GenerateRequest, signal: AbortSignal) => Promise<void> = async () => undefined;

  async *generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    this.requests.push(request);
    yield { type: 'prompt', promptTokens: 7, cachedTokens: 0 };
    for (let word = (request.prefix?.tokenIds.length ?? 0) + 1; word <= this.words; word++) {
      await this.beforeWord(word, request, signal);
      if (signal.aborted) throw new DomainError('cancelled', 'inference.cancelled', 'left');
      yield { type: 'token', text: `w${word} `, tokenIds: [word] };
    }
    yield { type: 'finish', reason: 'stop', promptTokens: 7, cachedPromptTokens: 0, completionTokens: this.words };
  }

  embed = () => Promise.resolve([]);
  countTokens = () => Promise.resolve(1);
  models = (): Promise<EngineModel[]> => Promise.resolve([]);
  unload = () => Promise.resolve();
  unloadAdapter = () => Promise.resolve();
  close = () => Promise.resolve();
}

/** What it says in the end. */
export const whole = (words: number) => Array.from({ length: words }, (_, index) => `w${index + 1} `).join('');

/** Inference in this process, with these modules beside it, on the database of a data folder, with one model that this engine serves. */
export async function startInference(dataDir: string, engine: Engine, beside: Type[] = []): Promise<TestingModule> {
  const engines: Engines = { local: engine, upstream: null };
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(loadConfig({ DATA_DIR: dataDir, INFERENCE_PARALLEL: '2', SHUTDOWN_GRACE_MS: '50' })),
      PersistenceModule.forRoot({ ambient: () => eventMetadata('test') }),
      MessagingModule.forRoot({ service: 'test' }),
      ...beside,
      InferenceModule,
    ],
  })
    .overrideProvider(ENGINES)
    .useValue(engines)
    .compile();
  await module.init();
  await module.get(Database, { strict: false }).query(
    `INSERT INTO inference.models (id, name, digest, size_bytes, is_default) VALUES ('m', 'M', 'd', 1, true)
       ON CONFLICT DO NOTHING`,
  );
  return module;
}
