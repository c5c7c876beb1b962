import { type DynamicModule, Inject, Module, type OnModuleInit, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { productVersion } from '@app/config';
import { HealthChecks, runningRequestsOf } from '@app/http';
import { DomainError } from '@app/kernel';
import { AfterStart, HandlerRegistry, Transport } from '@app/messaging';
import { Database } from '@app/persistence';
import { moduleOf, ServiceDirectory } from './service-directory.js';
import { type Announcement, ServiceRegistry } from './service-registry.js';

/** An answer to `/readyz` may be this old. */
const FRESH_MS = 1_000;
const NEEDED = Symbol('Modules served over HTTP');

export interface RegistryModuleOptions {
  /** Name of the service that this process is an instance of. */
  service: string;
  /** What the process is made of; those named `…HttpModule` need the messages of their module. */
  modules: readonly Type[];
  /** Kept up to date; give it to whoever asks which service serves a type. */
  directory: ServiceDirectory;
}

/** Announces the process, knows the others, and makes readiness speak for the services that it needs. */
@Module({})
export class RegistryModule implements OnModuleInit {
  constructor(
    @Inject(HealthChecks) private readonly health: HealthChecks,
    @Inject(HandlerRegistry) private readonly handlers: HandlerRegistry,
    @Inject(ServiceRegistry) private readonly registry: ServiceRegistry,
    @Inject(ServiceDirectory) private readonly directory: ServiceDirectory,
    @Inject(NEEDED) private readonly needed: readonly string[],
  ) {}

  static forRoot({ service, modules, directory }: RegistryModuleOptions): DynamicModule {
    const http = modules.flatMap(({ name }) => (name.endsWith('HttpModule') ? [kebab(name.slice(0, -10))] : []));
    return {
      module: RegistryModule,
      global: true,
      providers: [
        { provide: ServiceDirectory, useValue: directory },
        { provide: NEEDED, useValue: http },
        {
          provide: ServiceRegistry,
          inject: [Database, HandlerRegistry, HttpAdapterHost, Transport, AfterStart],
          useFactory: (
            db: Database,
            handlers: HandlerRegistry,
            host: HttpAdapterHost,
            transport: Transport,
            afterStart: AfterStart,
          ) =>
            new ServiceRegistry(db, directory, () => announcement(service, http, handlers), {
              ...(db.isExclusive && { soon: (beat) => afterStart.add('announce this process', beat) }),
              runningRequests: () => runningRequestsOf(host.httpAdapter),
              runningDeliveries: () => transport.runningHere(),
            }),
        },
      ],
      exports: [ServiceDirectory],
    };
  }

  onModuleInit(): void {
    for (const module of this.needed) this.health.add(module, () => this.check(module));
  }

  /** Handled here, or by a process that lives. */
  private async check(module: string): Promise<void> {
    if (this.handlers.all().some(({ message }) => moduleOf(message.type) === module)) return;
    await this.registry.fresh(FRESH_MS);
    if (this.directory.instancesOf(module) > 0) return;
    throw new DomainError('unavailable', 'platform.service-missing', `No process runs ${module} at the moment.`, {
      service: module,
    });
  }
}

function announcement(service: string, http: readonly string[], handlers: HandlerRegistry): Announcement {
  const types = handlers.all().map(({ message }) => message.type);
  const queues = handlers.reactions().map(({ options }) => options.queue);
  const modules = [...new Set([...types, ...queues].map(moduleOf))].toSorted();
  return { service, version: productVersion, modules, http, types: types.toSorted(), queues: queues.toSorted() };
}

const kebab = (name: string) => name.replaceAll(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
