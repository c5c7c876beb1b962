import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';
import { HandlerDiscovery } from './handler-discovery.js';
import { Housekeeping } from './housekeeping.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { OutboxRelay } from './outbox-relay.js';
import { Transport } from './transport.js';

/** Opens the gates when every module is ready, and closes them before anything that handlers need goes away. */
@Injectable()
export class MessagingLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly handlers: HandlerDiscovery,
    private readonly transport: Transport,
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
    @Optional() private readonly relay?: OutboxRelay,
    @Optional() private readonly housekeeping?: Housekeeping,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.transport.start();
    await this.handlers.connect();
    this.relay?.start();
    this.housekeeping?.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.housekeeping?.stop();
    await this.transport.drain(this.options.shutdownGraceMs ?? 10_000);
    await this.relay?.stop();
    await this.transport.close();
  }
}
