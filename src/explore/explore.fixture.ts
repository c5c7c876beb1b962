import type { ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CacheModule } from '@app/cache';
import { ConfigModule, loadConfig } from '@app/config';
import { eventMetadata, MessagingModule } from '@app/messaging';
import { PersistenceModule } from '@app/persistence';
import { ExploreModule } from './explore.module.js';

/** The module explore (and others) with the bus and a database of its own, started; nothing is written to a log. */
export async function startExplore(
  env: Record<string, string>,
  others: NonNullable<ModuleMetadata['imports']> = [],
): Promise<TestingModule> {
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(loadConfig(env)),
      CacheModule.forRoot(),
      PersistenceModule.forRoot({ ambient: () => eventMetadata('test') }),
      MessagingModule.forRoot({ service: 'test' }),
      ExploreModule,
      ...others,
    ],
  }).compile();
  module.useLogger(false);
  await module.init();
  return module;
}
