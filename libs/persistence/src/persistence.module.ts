import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Config } from '@app/config';
import { Database } from './database.js';
import { type EventMetadata, EventStore } from './event-store.js';
import { migrate } from './migrate.js';
import { Projections } from './projections.js';

export interface PersistenceOptions {
  /** Metadata of events stored now: who and what caused them. */
  ambient?: () => EventMetadata;
}

/** One database a process, migrated before anything else starts. */
@Module({})
export class PersistenceModule implements OnApplicationShutdown {
  constructor(@Inject(Database) private readonly db: Database) {}

  static forRoot({ ambient }: PersistenceOptions = {}): DynamicModule {
    return {
      module: PersistenceModule,
      global: true,
      imports: [DiscoveryModule],
      providers: [
        {
          provide: Database,
          inject: [Config],
          useFactory: async (config: Config) => {
            const db = await Database.connect(config.database.url);
            try {
              await migrate(db);
            } catch (error) {
              await db.close();
              throw error;
            }
            return db;
          },
        },
        { provide: EventStore, inject: [Database], useFactory: (db: Database) => new EventStore(db, ambient) },
        Projections,
      ],
      exports: [Database, EventStore, Projections],
    };
  }

  /** After everything that may still store something was told to stop. */
  async onApplicationShutdown(): Promise<void> {
    await this.db.close();
  }
}
