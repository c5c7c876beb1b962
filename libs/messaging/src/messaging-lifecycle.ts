import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';
import { HandlerDiscovery } from './handler-discovery.js';
import { Inbox } from './inbox.js';
import { MESSAGING_OPTIONS, type MessagingOptions } from './options.js';
import { OutboxRelay } from './outbox-relay.js';
import { Transport } from './transport.js';

/** Longer than any message can take to come a second time. */
const INBOX_DAYS = 7;
const HOUR_MS = 3_600_000;

/** Opens the gates when every module is ready, and closes them before anything that handlers need goes away. */
@Injectable()
export class MessagingLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Messaging');
  private pruning: NodeJS.Timeout | undefined;

  constructor(
    private readonly handlers: HandlerDiscovery,
    private readonly transport: Transport,
    private readonly inbox: Inbox,
    @Inject(MESSAGING_OPTIONS) private readonly options: MessagingOptions,
    @Optional() private readonly relay?: OutboxRelay,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.handlers.connect();
    this.relay?.start();
    this.pruning = setInterval(() => void this.prune(), HOUR_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.pruning);
    await this.transport.drain(this.options.shutdownGraceMs ?? 10_000);
    await this.relay?.stop();
    await this.transport.close();
  }

  private async prune(): Promise<void> {
    try {
      await this.inbox.prune(INBOX_DAYS);
    } catch (err) {
      this.logger.error({ msg: 'Could not prune the inbox', err });
    }
  }
}
