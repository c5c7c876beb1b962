import { EventEmitter } from 'node:events';
import type { Channel } from 'amqplib';
import { runDetached } from '../context.js';
import { SIGNALS } from './wire-format.js';

const NOTHING = Buffer.alloc(0);

/**
 * Hints between processes. A process gets those alone that it listens to: its control queue is bound to each such topic, for
 * most hints are for one process (the relay in the lead), and there are as many as there are commits.
 */
export class Signals {
  readonly #heeded = new EventEmitter().setMaxListeners(0);
  readonly #toSend = new Set<string>();
  #channel: Channel | undefined;

  /** @param queue the control queue of this process */
  constructor(private readonly queue: string) {}

  /** On each new channel, once the queue is there. */
  async attach(channel: Channel): Promise<void> {
    await channel.assertExchange(SIGNALS, 'direct', { durable: true });
    this.#channel = channel;
    await Promise.all(this.#heeded.eventNames().map((topic) => this.#bind(channel, String(topic))));
  }

  detach(): void {
    this.#channel = undefined;
  }

  /** Those of one moment are one. */
  send(topic: string): void {
    if (this.#toSend.size === 0) setImmediate(() => this.flush());
    this.#toSend.add(topic);
  }

  /** Lost without a channel, as a hint may be. */
  flush(): void {
    for (const topic of this.#toSend) this.#channel?.publish(SIGNALS, topic, NOTHING);
    this.#toSend.clear();
  }

  /** Returns what ends it. */
  on(topic: string, heed: () => void): () => void {
    const first = this.#heeded.listenerCount(topic) === 0;
    this.#heeded.on(topic, heed);
    // Where that fails the channel is lost, and another one is attached.
    if (first && this.#channel) this.#bind(this.#channel, topic).catch(() => undefined);
    return () => {
      this.#heeded.off(topic, heed);
      if (this.#heeded.listenerCount(topic) > 0) return;
      // Without a channel there is nothing bound.
      this.#channel?.unbindQueue(this.queue, SIGNALS, topic).catch(() => undefined);
    };
  }

  heed(topic: string): void {
    runDetached(() => this.#heeded.emit(topic));
  }

  /** What was said before it was bound is made up for by one hint. */
  async #bind(channel: Channel, topic: string): Promise<void> {
    await channel.bindQueue(this.queue, SIGNALS, topic);
    this.heed(topic);
  }
}
