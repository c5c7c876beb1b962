import { Injectable, type OnApplicationShutdown, Inject, Logger } from '@nestjs/common';
import { Config } from '@app/config';
import type { EngineLogger } from '../engines/engine-logger.js';
import { LlamaCppEngine } from '../engines/llama-cpp/llama-cpp.engine.js';
import { OpenAiCompatibleEngine } from '../engines/openai-compatible/openai-compatible.engine.js';
import { FetchingEngine } from './fetching-engine.js';
import { LocalModels } from './local-models.js';
import { ENGINES, type Engines } from './model-registry.js';

const MIB = 1_048_576;

/** The engines that the settings ask for. The local one starts its process when it is first used. */
export const enginesProvider = {
  provide: ENGINES,
  inject: [Config, LocalModels],
  useFactory: ({ inference, models }: Config, files: LocalModels): Engines => {
    const llamaCpp = new LlamaCppEngine({
      modelsDir: models.dir,
      threads: inference.threads,
      parallel: inference.parallel,
      contextTokens: inference.contextTokens,
      memoryBytes: inference.memoryMib * MIB,
      logger: nestLogger('llama-cpp'),
    });
    const local = new FetchingEngine(llamaCpp, files);
    const { name, url, apiKey, timeoutMs } = inference.upstream;
    if (!url) return { local, upstream: null };
    const engine = new OpenAiCompatibleEngine({ baseUrl: url, apiKey, name, idleTimeoutMs: timeoutMs });
    return { local, upstream: { name, engine } };
  },
};

/** Ends the engines after the last answer was finished or handed over. */
@Injectable()
export class EngineLifecycle implements OnApplicationShutdown {
  constructor(@Inject(ENGINES) private readonly engines: Engines) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.engines.local.close(), this.engines.upstream?.engine.close()]);
  }
}

function nestLogger(name: string): EngineLogger {
  const logger = new Logger(name);
  return {
    debug: (fields, msg) => logger.debug({ msg, ...fields }),
    info: (fields, msg) => logger.log({ msg, ...fields }),
    warn: (fields, msg) => logger.warn({ msg, ...fields }),
  };
}
