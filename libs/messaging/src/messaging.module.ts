import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { EventPublisher } from './event-publisher.js';
import { HandlerDiscovery } from './handler-discovery.js';
import { HandlerInvoker } from './handler-invoker.js';
import { HandlerRegistry } from './handler-registry.js';
import { Inbox } from './inbox.js';
import { InProcessTransport } from './in-process.transport.js';
import { MemoryDeliveryStore } from './memory.delivery-store.js';
import { MemoryEventPublisher } from './memory.event-publisher.js';
import { MemoryInbox } from './memory.inbox.js';
import { MessageBus } from './message-bus.js';
import { MessagingLifecycle } from './messaging-lifecycle.js';
import { MESSAGING_OPTIONS, type MessagingOptions, SERVICE } from './options.js';
import { Transport } from './transport.js';
import { UnitOfWork } from './unit-of-work.js';

/** The bus, and the discovery of every `@Handles` and `@OnEvent` class of the app. Import it once, at the root. */
@Module({})
export class MessagingModule {
  /** Without a database, for tests of handlers: events go straight to their queues and nothing outlives the process. */
  static inMemory(options: Omit<MessagingOptions, 'transport'>): DynamicModule {
    return moduleOf({ ...options, transport: 'in-process' }, [
      { provide: UnitOfWork, useValue: { transaction: <T>(work: () => Promise<T>) => work() } satisfies UnitOfWork },
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

function moduleOf(options: MessagingOptions, adapters: DynamicModule['providers']): DynamicModule {
  return {
    module: MessagingModule,
    global: true,
    imports: [DiscoveryModule],
    providers: [
      ...(adapters ?? []),
      { provide: MESSAGING_OPTIONS, useValue: options },
      { provide: SERVICE, useValue: options.service },
      HandlerRegistry,
      HandlerInvoker,
      HandlerDiscovery,
      MessagingLifecycle,
      MessageBus,
    ],
    exports: [MessageBus, Transport, HandlerRegistry],
  };
}
