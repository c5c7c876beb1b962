import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import amqp, { type Channel, type ChannelModel, type ConfirmChannel, type RecoveringChannelModel } from 'amqplib';
import { gatherWrites } from './gather-writes.js';
import { brokerUnavailable } from './problems.js';

const CONNECT_TIMEOUT_MS = 5_000;
/** Two missed ones end a connection whose other side went silent. */
const HEARTBEAT_S = 5;
const BACKOFF = { initialDelay: 100, maxDelay: 5_000, factor: 2, jitter: 0.3 };
/** A broker that does not answer holds nobody up for longer. */
const CLOSE_MS = 1_000;
const REOPEN_MS = 200;

/** What a channel needs before it can be used: queues, bindings, consumers. Done again on each new channel. */
export type Step = (channel: ConfirmChannel) => Promise<void>;

/**
 * The connection of this process to RabbitMQ. It comes back by itself, with back-off, as often as it takes; so does each
 * lane, with all that was set up on it.
 */
export class Broker {
  readonly #logger = new Logger('RabbitMQ');
  readonly #lanes = new Set<Lane>();
  readonly #url: string;
  readonly #clientName: string;
  #connection: RecoveringChannelModel | undefined;
  #model: ChannelModel | undefined;
  #closed = false;

  /** @param url amqp:// or amqps:// with user and password */
  constructor(url: string, clientName: string) {
    this.#url = url;
    this.#clientName = clientName;
  }

  /** Begins to connect; returns at once. */
  async open(): Promise<void> {
    if (this.#connection) return;
    const target = new URL(this.#url);
    if (!target.searchParams.has('heartbeat')) target.searchParams.set('heartbeat', String(HEARTBEAT_S));
    const connection = await amqp.connect(target.href, {
      noDelay: true,
      timeout: CONNECT_TIMEOUT_MS,
      clientProperties: { connection_name: this.#clientName },
      recovery: { ...BACKOFF, waitForConnect: false },
    });
    this.#connection = connection;
    connection.on('connect', (model) => {
      this.#model = model;
      // Not in its types: the connection's socket.
      gatherWrites((model.connection as unknown as { stream: Duplex }).stream);
      this.#logger.log(`Connected to RabbitMQ ${String(model.connection.serverProperties.version)}`);
      model.on('blocked', (reason) => this.#logger.warn(`RabbitMQ takes no messages for now: ${reason}`));
      model.on('unblocked', () => this.#logger.log('RabbitMQ takes messages again'));
      for (const lane of this.#lanes) lane.open(model);
    });
    connection.on('disconnect', (err) => {
      this.#model = undefined;
      if (!this.#closed)
        this.#logger.warn({ msg: 'Lost the connection to RabbitMQ: connecting again', err: err?.message });
    });
    // Each is followed by a disconnect, which is logged.
    connection.on('error', (err) => this.#logger.debug({ msg: 'The connection to RabbitMQ failed', err: err.message }));
    connection.on('connect-failed', (err) => {
      if (!this.#closed) this.#logger.warn({ msg: 'Cannot reach RabbitMQ: will try again', err: err.message });
    });
  }

  get connected(): boolean {
    return this.#model !== undefined;
  }

  /** A channel for one purpose. `confirm`: its publishes can be awaited. */
  lane(name: string, confirm: boolean): Lane {
    const lane = new Lane(name, confirm, () => this.#model, this.#logger);
    this.#lanes.add(lane);
    if (this.#model) lane.open(this.#model);
    return lane;
  }

  /** A channel for one piece of work, closed after it: what it holds unacknowledged goes back to its queue. */
  async withChannel<T>(work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    if (!this.#model) throw brokerUnavailable();
    const channel = await this.#model.createConfirmChannel();
    // Told by the rejected call as well.
    channel.on('error', () => undefined);
    try {
      return await work(channel);
    } finally {
      await channel.close().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lanes].map((lane) => lane.close()));
    await this.#connection?.close();
  }
}

/** A channel that is opened again whenever it is lost. */
export class Lane {
  readonly #steps: Step[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #lost = new Set<() => void>();
  #channel: ConfirmChannel | undefined;
  #opening = false;
  #failure: Error | undefined;
  #closed = false;

  constructor(
    private readonly name: string,
    private readonly confirm: boolean,
    private readonly model: () => ChannelModel | undefined,
    private readonly logger: Logger,
  ) {}

  /** The channel, when it is open and set up. */
  get channel(): ConfirmChannel | undefined {
    return this.#channel;
  }

  /** Called each time the channel is lost. */
  onLost(tell: () => void): void {
    this.#lost.add(tell);
  }

  /** The channel, waiting for it up to `timeoutMs`. @throws DomainError `platform.broker-unavailable` */
  ready(timeoutMs: number): Promise<ConfirmChannel> {
    if (this.#channel) return Promise.resolve(this.#channel);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(opened);
        reject(brokerUnavailable());
      }, timeoutMs);
      timer.unref();
      const opened = () => {
        clearTimeout(timer);
        if (this.#channel) resolve(this.#channel);
        else reject(brokerUnavailable());
      };
      this.#waiting.add(opened);
    });
  }

  /** Takes a step now (or as soon as there is a connection) and on each new channel. Rejects if it can never succeed. */
  async add(step: Step): Promise<void> {
    this.#steps.push(step);
    if (this.#channel) return step(this.#channel);
    while (!this.#channel && !this.#closed) {
      await this.ready(1_000).catch(() => undefined);
      // 403 and 406: the broker holds something of that name that is not like ours, or not for us.
      const code = (this.#failure as { code?: number } | undefined)?.code;
      if (code === 403 || code === 406) throw this.#failure ?? brokerUnavailable();
    }
  }

  /** On a new connection, or after the channel was lost. */
  open(model: ChannelModel): void {
    if (this.#opening || this.#channel || this.#closed) return;
    this.#opening = true;
    void this.#setUp(model).finally(() => {
      this.#opening = false;
      if (!this.#channel) this.#openLater();
    });
  }

  /** What was sent on it reaches the broker first: closing the connection alone would overtake it. */
  async close(): Promise<void> {
    const channel = this.#channel;
    this.#closed = true;
    this.#channel = undefined;
    for (const tell of this.#waiting) tell();
    this.#waiting.clear();
    // On a connection that is lost already there is nobody to say so.
    const closed = (async () => channel?.close())().catch(() => undefined);
    await Promise.race([closed, sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  async #setUp(model: ChannelModel): Promise<void> {
    try {
      const channel = await (this.confirm ? model.createConfirmChannel() : model.createChannel());
      channel.on('error', (error: Error) => {
        this.#failure = error;
        this.logger.error({ msg: `RabbitMQ closed the ${this.name} channel`, err: error.message });
      });
      let open = true;
      channel.on('close', () => {
        open = false;
        this.#forget(channel);
      });
      // `for…of` also sees steps that are added meanwhile.
      for (const step of this.#steps) await step(channel as ConfirmChannel);
      if (!open || this.#closed) return;
      this.#failure = undefined;
      this.#channel = channel as ConfirmChannel;
      for (const tell of this.#waiting) tell();
      this.#waiting.clear();
    } catch (error) {
      this.#failure = error as Error;
      if (this.model() === model && !this.#closed)
        this.logger.warn({ msg: `Could not set up the ${this.name} channel`, err: (error as Error).message });
    }
  }

  #forget(channel: Channel): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    for (const tell of this.#lost) tell();
    this.#openLater();
  }

  #openLater(): void {
    if (this.#closed) return;
    setTimeout(() => {
      const model = this.model();
      if (model) this.open(model);
    }, REOPEN_MS).unref();
  }
}

/** Resolves when the broker has stored the message; rejects when it did not, or when the channel was lost before it said so. */
export const publishConfirmed = (
  channel: ConfirmChannel,
  exchange: string,
  key: string,
  content: Buffer,
  options: amqp.Options.Publish,
): Promise<void> =>
  new Promise((resolve, reject) => {
    channel.publish(exchange, key, content, { persistent: true, ...options }, (error: Error | null) =>
      error ? reject(error) : resolve(),
    );
  });
