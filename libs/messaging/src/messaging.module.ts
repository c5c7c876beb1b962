import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Config } from '@app/config';
import { Database, EventStore } from '@app/persistence';
import { AfterStart } from './after-start.js';
import { DatabaseDeliveryStore } from './database.delivery-store.js';
import { DatabaseEventPublisher } from './database.event-publisher.js';
import { DatabaseInbox } from './database.inbox.js';
import { UnitCarrier } from './event-carrier.js';
import { EventPublisher } from './event-publisher.js';
import { HandlerDiscovery } from './handler-discovery.js';
import { HandlerInvoker } from './handler-invoker.js';
import { HandlerRegistry } from './handler-registry.js';
import { Housekeeping } from './housekeeping.js';
import { Inbox } from './inbox.js';
import { InProcessTransport } from './in-process.transport.js';
import { MemoryDeliveryStore } from './memory.delivery-store.js';
import { MemoryEventPublisher } from './memory.event-publisher.js';
import { MemoryInbox } from './memory.inbox.js';
import { MessageBus } from './message-bus.js';
import { MessagingLifecycle } from './messaging-lifecycle.js';
import { MESSAGING_OPTIONS, type MessagingOptions, SERVICE } from './options.js';
import { Outbox } from './outbox.js';
import { type Lead, OutboxRelay } from './outbox-relay.js';
import { Transport } from './transport.js';
import { UnitOfWork } from './unit-of-work.js';

/** The bus, and the discovery of every `@Handles` and `@OnEvent` class of the app. Import it once, at the root. */
@Module({})
export class MessagingModule {
  /** Durable, on the database of `PersistenceModule`, which must be imported too, and on RabbitMQ if there is one. */
  static forRoot(options: MessagingOptions): DynamicModule {
    const { service } = options;
    return moduleOf(service, [
      {
        provide: MESSAGING_OPTIONS,
        useFactory: ({ shutdownGraceMs }: Config): MessagingOptions => ({ shutdownGraceMs, ...options }),
        inject: [Config],
      },
      { provide: UnitOfWork, useExisting: Database },
      { provide: Inbox, useFactory: (db: Database) => new DatabaseInbox(db), inject: [Database] },
      {
        provide: Transport,
        useFactory: async (db: Database, { rabbitmq: { url } }: Config): Promise<Transport> => {
          if (!url) return new InProcessTransport(new DatabaseDeliveryStore(db), options);
          const { RabbitMqTransport } = await import('./rabbitmq/rabbitmq.transport.js');
          return new RabbitMqTransport({ url, service, topology: options.queues });
        },
        inject: [Database, Config],
      },
      {
        provide: EventPublisher,
        useFactory: (events: EventStore) => new DatabaseEventPublisher(events, service),
        inject: [EventStore],
      },
      { provide: Housekeeping, useFactory: (db: Database) => new Housekeeping(db), inject: [Database] },
      {
        provide: OutboxRelay,
        useFactory: (db: Database, transport: Transport, events: EventStore) => {
          // In one process the shared database moves events to their queues; nobody else could.
          const lead: Lead = (elected) => db.lead('outbox', elected, { first: options.storesMost });
          const { publishInUnit } = transport;
          const onEmpty = publishInUnit && (() => events.carryBy(new UnitCarrier(db, { publishInUnit })));
          const relay = new OutboxRelay(new Outbox(db), transport, {
            pollMs: options.pollMs,
            lead: transport.publishFromOutbox ? undefined : lead,
            onEmpty,
          });
          events.onStored(() => relay.wake());
          return relay;
        },
        inject: [Database, Transport, EventStore],
      },
    ]);
  }

  /** Without a database, for tests of handlers: events go straight to their queues and nothing outlives the process. */
  static inMemory(options: MessagingOptions): DynamicModule {
    return moduleOf(options.service, [
      { provide: MESSAGING_OPTIONS, useValue: options },
      { provide: UnitOfWork, useValue: NONE },
      { provide: Inbox, useValue: new MemoryInbox() },
      { provide: Transport, useFactory: () => new InProcessTransport(new MemoryDeliveryStore(), options) },
      {
        provide: EventPublisher,
        useFactory: (transport: Transport) => new MemoryEventPublisher(transport, options.service),
        inject: [Transport],
      },
    ]);
  }
}

/** Nothing is stored. */
const NONE: UnitOfWork = { inTransaction: false, transaction: (work) => work() };

function moduleOf(service: string, adapters: Provider[]): DynamicModule {
  return {
    module: MessagingModule,
    global: true,
    imports: [DiscoveryModule],
    providers: [
      ...adapters,
      { provide: SERVICE, useValue: service },
      HandlerRegistry,
      HandlerInvoker,
      HandlerDiscovery,
      MessagingLifecycle,
      MessageBus,
      AfterStart,
    ],
    exports: [AfterStart, MessageBus, Transport, HandlerRegistry],
  };
}
