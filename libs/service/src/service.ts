import { type DynamicModule, Inject, Module, type OnModuleInit, type Type } from '@nestjs/common';
import { type Config, ConfigModule } from '@app/config';
import { HealthChecks } from '@app/http';
import { eventMetadata, MessagingModule } from '@app/messaging';
import { Database, PersistenceModule } from '@app/persistence';
import { RegistryModule } from './registry.module.js';
import { ServiceDirectory } from './service-directory.js';

/** What every process has around the modules that it runs: settings, database, bus. */
@Module({})
class ServiceModule implements OnModuleInit {
  constructor(
    @Inject(HealthChecks) private readonly health: HealthChecks,
    @Inject(Database) private readonly db: Database,
  ) {}

  onModuleInit(): void {
    this.health.add('database', () => this.db.ping());
  }
}

/**
 * A process that runs these modules. The list is the topology: what is not in it is asked for over the transport.
 *
 * @param name source of what it sends, and its name in logs
 */
export const service =
  (name: string, ...modules: Type[]) =>
  (config: Config): DynamicModule => {
    const directory = new ServiceDirectory();
    return {
      module: ServiceModule,
      imports: [
        ConfigModule.forRoot(config),
        PersistenceModule.forRoot({ ambient: () => eventMetadata(name) }),
        MessagingModule.forRoot({ service: name, transport: 'in-process' }),
        RegistryModule.forRoot({ service: name, modules, directory }),
        ...modules,
      ],
    };
  };
