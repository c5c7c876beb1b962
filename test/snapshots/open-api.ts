import { type DynamicModule, Module } from '@nestjs/common';
import { CacheModule } from '@app/cache';
import { ConfigModule, loadConfig } from '@app/config';
import { createApp, openApiDocument } from '@app/http';
import { MessageBus } from '@app/messaging';
import { httpModules } from '../../src/app.module.js';

/** Controllers are only described, never called. */
@Module({})
class Described {
  static with(): DynamicModule {
    return {
      module: Described,
      global: true,
      imports: [ConfigModule.forRoot(loadConfig({})), CacheModule.forRoot(), ...httpModules],
      providers: [{ provide: MessageBus, useValue: {} }],
      exports: [MessageBus],
    };
  }
}

/** The OpenAPI document of all modules together, as `/openapi.json` serves it. */
export async function openApi(): Promise<string> {
  const app = await createApp(Described.with(), { logger: false });
  try {
    return `${JSON.stringify(openApiDocument(app), null, 2)}\n`;
  } finally {
    await app.close();
  }
}
