import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HandlerDiscovery } from './handler-discovery.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { Transport } from './transport.js';

/** Opens the gates when every module is ready, and closes them before anything that handlers need goes away. */
@Injectable()
export class MessagingLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly handlers: HandlerDiscovery,
    private readonly transport: Transport,
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.handlers.connect();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.transport.drain(this.options.shutdownGraceMs ?? 10_000);
    await this.transport.close();
  }
}
