import type { QueueRoute } from './rabbitmq/topology.js';

export interface MessagingOptions {
  /** Name of this process in `source` of what it sends. */
  service: string;
  /** Every queue of the product and what it hears, so that no event is published before its queue exists. */
  queues?: readonly QueueRoute[];
  /**
   * This process stores more events than any other: the relay of the outbox is best placed here, where no message has to
   * tell it of a commit.
   */
  storesMost?: boolean;
  /** Milliseconds that running reactions get at shutdown before their signal aborts. Default 10,000. */
  shutdownGraceMs?: number;
  /** Milliseconds between looks for work that no wake-up announced. A safety net; default 1,000. */
  pollMs?: number;
}

export const MESSAGING_OPTIONS = Symbol('MessagingOptions');
export const SERVICE = Symbol('Service');
