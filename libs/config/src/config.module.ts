import type { DynamicModule } from '@nestjs/common';
import { Config } from './config.js';

/** Without a decorator of Nest's: what reads settings before anything else is loaded must not load it. */
export class ConfigModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: Config, useValue: config }],
      exports: [Config],
    };
  }
}
