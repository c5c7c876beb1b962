import { newId } from '@app/kernel';
import type { Envelope } from '../message.js';
import {
  type DeadLetter,
  type DeadLetterPage,
  type OnShutdown,
  type QueueDepth,
  type Responder,
  type StreamOptions,
  type StreamResponder,
  type Subscriber,
  type Subscription,
  Transport,
} from '../transport.js';
import { Breakers } from './breakers.js';
import { Broker, type Lane, publishConfirmed } from './broker.js';
import { DeadLetters } from './dead-letters.js';
import { ReactionConsumer } from './reaction-consumer.js';
import { Requester } from './requester.js';
import { RequestServer } from './responder.js';
import { readStream } from './stream-reader.js';
import { assertEvents, assertQueue, type QueueRoute } from './topology.js';
import { deadQueueOf, EVENTS, toBuffer } from './wire-format.js';

const PUBLISH_WITHIN_MS = 10_000;

export interface RabbitMqOptions {
  /** amqp:// or amqps:// with user and password. */
  url: string;
  /** Name of this process, for the broker's list of connections. */
  service: string;
  /** Every queue of the product: asserted by whoever comes first, so that no event is published before its queue exists. */
  topology?: readonly QueueRoute[];
}

/**
 * The transport between processes. Requests and streams over classic queues and direct reply-to; events over a topic
 * exchange into one quorum queue a reaction, with publisher confirms.
 */
export class RabbitMqTransport extends Transport {
  readonly #broker: Broker;
  readonly #requester: Requester;
  readonly #server: RequestServer;
  readonly #deadLetters: DeadLetters;
  readonly #breakers = new Breakers();
  readonly #publishing: Lane;
  readonly #consuming: Lane;
  readonly #consumers = new Map<string, ReactionConsumer>();
  #started: Promise<void> | undefined;

  constructor(private readonly options: RabbitMqOptions) {
    super();
    const instance = newId();
    this.#broker = new Broker(options.url, `parley ${options.service}`);
    this.#requester = new Requester(this.#broker, instance);
    this.#server = new RequestServer(this.#broker, instance);
    this.#deadLetters = new DeadLetters(this.#broker);
    this.#publishing = this.#broker.lane('event', true);
    this.#consuming = this.#broker.lane('reaction', true);
    this.#consuming.onLost(() => this.#consumers.forEach((consumer) => consumer.detach()));
  }

  /** Connects and asserts what the product needs; waits for the broker as long as it takes. */
  override start(): Promise<void> {
    return (this.#started ??= this.#start());
  }

  override get system(): string {
    return 'rabbitmq';
  }

  override get connected(): boolean {
    return this.#broker.connected;
  }

  request(envelope: Envelope, options: { timeoutMs: number; signal?: AbortSignal }): Promise<unknown> {
    return this.#breakers.run(envelope.type, () => this.#requester.request(envelope, options));
  }

  stream(envelope: Envelope, options?: StreamOptions): AsyncIterable<unknown> {
    return readStream(this.#requester, envelope, options);
  }

  async respond(type: string, responder: Responder): Promise<void> {
    await this.start();
    await this.#server.respond(type, responder);
  }

  async respondStream(
    type: string,
    responder: StreamResponder,
    { onShutdown = 'close' }: { onShutdown?: OnShutdown } = {},
  ): Promise<void> {
    await this.start();
    await this.#server.respondStream(type, { responder, onShutdown });
  }

  async publish(envelopes: readonly Envelope[]): Promise<void> {
    const channel = await this.#publishing.ready(PUBLISH_WITHIN_MS);
    await Promise.all(
      envelopes.map((envelope) =>
        publishConfirmed(channel, EVENTS, envelope.type, toBuffer(envelope), {
          messageId: envelope.id,
          type: envelope.type,
        }),
      ),
    );
  }

  async subscribe(subscription: Subscription, subscriber: Subscriber): Promise<void> {
    await this.start();
    const { queue } = subscription;
    if (this.#consumers.has(queue)) throw new Error(`Queue ${queue} has a subscriber already.`);
    const consumer = new ReactionConsumer(subscription, subscriber);
    this.#consumers.set(queue, consumer);
    await this.#consuming.add(async (channel) => {
      await assertQueue(channel, subscription);
      await consumer.attach(channel);
    });
  }

  /** `running` counts what this process works on, see `runningHere`: RabbitMQ tells of others only through its management API. */
  async queues(known: readonly string[] = []): Promise<QueueDepth[]> {
    const topology = this.options.topology?.map(({ queue }) => queue) ?? [];
    const names = [...new Set([...known, ...topology, ...this.#consumers.keys()])].toSorted();
    return Promise.all(
      names.map(async (queue) => ({
        queue,
        waiting: await this.#holds(queue),
        running: this.#consumers.get(queue)?.running ?? 0,
        parked: await this.#holds(deadQueueOf(queue)),
      })),
    );
  }

  override runningHere(): Record<string, number> {
    const busy = [...this.#consumers].filter(([, { running }]) => running > 0);
    return Object.fromEntries(busy.map(([queue, { running }]) => [queue, running]));
  }

  signal(topic: string): void {
    this.#server.signals.send(topic);
  }

  onSignal(topic: string, heed: () => void): () => void {
    return this.#server.signals.on(topic, heed);
  }

  deadLetters(queue: string, page?: DeadLetterPage): Promise<DeadLetter[]> {
    return this.#deadLetters.list(queue, page);
  }

  replay(queue: string, id: string): Promise<void> {
    return this.#deadLetters.replay(queue, id);
  }

  drop(queue: string, id: string): Promise<void> {
    return this.#deadLetters.remove(queue, id);
  }

  async drain(graceMs: number): Promise<void> {
    const consumers = [...this.#consumers.values()];
    await Promise.all([this.#server.drain(graceMs), ...consumers.map((consumer) => consumer.drain(graceMs))]);
  }

  async close(): Promise<void> {
    await this.drain(0);
    this.#requester.stop();
    this.#server.stop();
    await this.#broker.close();
  }

  /** A queue that does not exist holds nothing. */
  #holds(queue: string): Promise<number> {
    return this.#broker.withChannel(async (channel) => {
      const { messageCount } = await channel.checkQueue(queue).catch((error: { code?: number }) => {
        if (error.code === 404) return { messageCount: 0 };
        throw error;
      });
      return messageCount;
    });
  }

  async #start(): Promise<void> {
    await this.#broker.open();
    await this.#publishing.add(async (channel) => {
      await assertEvents(channel);
      for (const route of this.options.topology ?? []) await assertQueue(channel, route);
    });
    await this.#consuming.add(assertEvents);
    await Promise.all([this.#requester.start(), this.#server.start()]);
  }
}
