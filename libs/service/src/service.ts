import { type DynamicModule, Inject, Module, type OnModuleInit, type Type } from '@nestjs/common';
import { CacheModule, RedisConnection } from '@app/cache';
import { type Config, ConfigError, ConfigModule } from '@app/config';
import { HealthChecks } from '@app/http';
import { DomainError } from '@app/kernel';
import { eventMetadata, MessagingModule, type QueueRoute, Transport } from '@app/messaging';
import { Database, PersistenceModule } from '@app/persistence';
import { RegistryModule } from './registry.module.js';
import { ServiceDirectory } from './service-directory.js';
import { TracingModule } from './tracing.module.js';

export interface ServiceOptions {
  /** Source of what it sends, and its name in logs. */
  name: string;
  /** The list is the topology: what is not in it is asked for over the transport. */
  modules: readonly Type[];
  /** Every queue of the product. */
  queues: readonly QueueRoute[];
  /** It stores more events than any other process. */
  storesMost?: boolean;
  /** It has every module, so it needs neither a broker nor a database that others can reach. */
  whole?: boolean;
}

/** What every process has around the modules that it runs: settings, database, bus. */
@Module({})
class ServiceModule implements OnModuleInit {
  constructor(
    @Inject(HealthChecks) private readonly health: HealthChecks,
    @Inject(Database) private readonly db: Database,
    @Inject(Transport) private readonly transport: Transport,
    @Inject(RedisConnection) private readonly redis: RedisConnection | null,
  ) {}

  onModuleInit(): void {
    this.health.add('database', () => this.db.ping());
    this.health.add('messages', async () => {
      if (!this.transport.connected)
        throw new DomainError('unavailable', 'platform.broker-unavailable', 'Not connected.');
    });
    const { redis } = this;
    if (redis) this.health.add('redis', () => redis.ping(), { required: false });
  }
}

/** A process that runs these modules. @throws ConfigError when it is a part and nothing joins it to the others */
export const service =
  ({ name, modules, queues, storesMost = false, whole = false }: ServiceOptions) =>
  (config: Config): DynamicModule => {
    if (!whole) requireJoined(config);
    const directory = new ServiceDirectory();
    return {
      module: ServiceModule,
      imports: [
        ConfigModule.forRoot(config),
        TracingModule.forRoot({ service: name, whole }),
        PersistenceModule.forRoot({ ambient: () => eventMetadata(name) }),
        CacheModule.forRoot(),
        MessagingModule.forRoot({ service: name, queues, storesMost }),
        RegistryModule.forRoot({ service: name, modules, directory }),
        ...modules,
      ],
    };
  };

function requireJoined({ rabbitmq, database }: Config): void {
  const why = 'is needed: this process runs only some of the modules';
  const problems = [
    ...(rabbitmq.url ? [] : [{ variable: 'RABBITMQ_URL', problem: why }]),
    ...(database.url.startsWith('postgres') ? [] : [{ variable: 'DATABASE_URL', problem: `of a PostgreSQL ${why}` }]),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}
