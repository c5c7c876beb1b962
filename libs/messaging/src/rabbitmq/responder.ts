import { Logger } from '@nestjs/common';
import { toDomainError } from '@app/kernel';
import type { Channel, ConsumeMessage } from 'amqplib';
import { runDetached } from '../context.js';
import { cancelled, Deadline, shuttingDown } from '../deadline.js';
import type { OnShutdown, Responder, StreamResponder } from '../transport.js';
import type { Broker, Lane } from './broker.js';
import { interrupted } from './problems.js';
import { Signals } from './signals.js';
import { StreamWriter } from './stream-writer.js';
import {
  type Control,
  CONTROL,
  controlQueueOf,
  envelopeIn,
  fromBuffer,
  type Reply,
  replyBuffer,
  SIGNALS,
} from './wire-format.js';

/** Requests of one type that a process works on at once; more wait for whoever comes free. */
const PREFETCH = 128;
const SWEEP_MS = 250;
/** Within this a stream's request is acknowledged, together with the next reply if there is one. */
const SETTLED_WITHIN_MS = 20;
/** Readers give a sign of life twice a second. */
const READER_GONE_MS = 15_000;

interface StreamService {
  readonly responder: StreamResponder;
  readonly onShutdown: OnShutdown;
}

interface Work {
  readonly message: ConsumeMessage;
  readonly deadline: Deadline;
  readonly done: Promise<void>;
  readonly writer?: StreamWriter;
  /** A stream that its reader takes up elsewhere. */
  readonly resumable: boolean;
  seenAt: number;
  /** Its asker knows who works on it. */
  answered: boolean;
}

/** The serving side: one queue a type, shared by all processes that serve it. */
export class RequestServer {
  readonly #logger = new Logger('RabbitMQ');
  readonly #lane: Lane;
  readonly #responders = new Map<string, Responder>();
  readonly #streamResponders = new Map<string, StreamService>();
  /** By correlation id, which the asker made unique. */
  readonly #work = new Map<string, Work>();
  readonly #tags = new Set<string>();
  /** Requests of streams, to be acknowledged with the next reply: alone, that would be a system call here and there. */
  #toSettle: { channel: Channel; message: ConsumeMessage }[] = [];
  #settling: NodeJS.Timeout | undefined;
  readonly signals: Signals;
  readonly #control: string;
  /** Used from its first consumer on: requests come while the others are still being set up. */
  #channel: Channel | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #draining = false;

  constructor(broker: Broker, instance: string) {
    this.#control = controlQueueOf(instance);
    this.signals = new Signals(this.#control);
    this.#lane = broker.lane('response', false);
  }

  async start(): Promise<void> {
    this.#sweep = setInterval(() => this.#look(), SWEEP_MS).unref();
    await this.#lane.add(async (channel) => {
      this.#channel = channel;
      channel.once('close', () => {
        if (this.#channel === channel) this.#channel = undefined;
        this.signals.detach();
      });
      await channel.prefetch(PREFETCH);
      await channel.assertExchange(CONTROL, 'fanout', { durable: true });
      await channel.assertQueue(this.#control, { exclusive: true, autoDelete: true });
      await channel.bindQueue(this.#control, CONTROL, '');
      await channel.consume(this.#control, (message) => message && this.#heed(message), { noAck: true });
      await this.signals.attach(channel);
    });
  }

  async respond(type: string, responder: Responder): Promise<void> {
    this.#responders.set(type, responder);
    await this.#serve(type);
  }

  async respondStream(type: string, service: StreamService): Promise<void> {
    this.#streamResponders.set(type, service);
    await this.#serve(type);
  }

  /** Requests under way. */
  get running(): number {
    return this.#work.size;
  }

  /** Takes nothing more; what runs gets `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    await Promise.all([...this.#tags].map(async (tag) => this.#channel?.cancel(tag).catch(() => undefined)));
    this.#tags.clear();
    // They would last as long as anybody reads.
    for (const { resumable, deadline } of this.#work.values()) if (resumable) deadline.abort(shuttingDown());
    const late = setTimeout(() => this.#abortAll(), graceMs);
    await Promise.all([...this.#work.values()].map(({ done }) => done));
    clearTimeout(late);
  }

  /** Nothing is sent after this: the connection is about to close, and a channel of one that closes throws. */
  stop(): void {
    clearInterval(this.#sweep);
    this.#abortAll();
    this.#settleAll();
    this.signals.flush();
    this.signals.detach();
    this.#channel = undefined;
  }

  /** A queue that exists as long as somebody serves it: without one, a request comes back to its sender at once. */
  async #serve(type: string): Promise<void> {
    await this.#lane.add(async (channel) => {
      if (this.#draining) return;
      await channel.assertQueue(type, { durable: true, autoDelete: true });
      const { consumerTag } = await channel.consume(type, (message) => message && this.#arrived(channel, message));
      this.#tags.add(consumerTag);
    });
  }

  #arrived(channel: Channel, message: ConsumeMessage): void {
    const { type, correlationId } = message.properties;
    if (type === 'probe') {
      // First that what came before it is worked on: on a busy machine the next look may be late.
      this.#look();
      this.#reply(message, { kind: 'passed' });
      channel.ack(message);
      return;
    }
    // Whoever had it before is gone, and may have done half of it.
    if (message.fields.redelivered) {
      this.#reply(message, { kind: 'error', error: interrupted(message.fields.routingKey).toJSON() });
      channel.ack(message);
      return;
    }
    const id = String(correlationId);
    const deadline = new Deadline({ what: message.fields.routingKey, timeoutMs: timeoutOf(message) });
    const begun =
      type === 'stream' ? this.#stream(channel, message, deadline) : this.#answer(channel, message, deadline);
    const done = begun.done.finally(() => {
      deadline[Symbol.dispose]();
      this.#work.delete(id);
    });
    const { writer } = begun;
    const resumable =
      writer !== undefined && this.#streamResponders.get(message.fields.routingKey)?.onShutdown === 'close';
    this.#work.set(id, { message, deadline, done, writer, resumable, seenAt: Date.now(), answered: false });
  }

  #answer(channel: Channel, message: ConsumeMessage, deadline: Deadline): { done: Promise<void>; writer?: undefined } {
    const work = async (): Promise<Reply> => {
      const responder = this.#responders.get(message.fields.routingKey);
      if (!responder) return { kind: 'error', error: interrupted(message.fields.routingKey).toJSON() };
      try {
        return { kind: 'value', value: await responder(envelopeIn(message), deadline.signal) };
      } catch (error) {
        return { kind: 'error', error: toDomainError(error).toJSON() };
      }
    };
    const done = runDetached(async () => {
      this.#reply(message, await deadline.race(work).catch(asError));
      this.#settle(channel, message);
    });
    return { done };
  }

  /** Acknowledged at its beginning: a stream that breaks is opened again by its reader, from where that one stands. */
  #stream(
    channel: Channel,
    message: ConsumeMessage,
    deadline: Deadline,
  ): { done: Promise<void>; writer: StreamWriter } {
    this.#settleSoon(channel, message);
    const { window, whole } = (message.properties.headers ?? {}) as { window?: unknown; whole?: unknown };
    const writer = new StreamWriter(Number(window), whole === true, (reply) => {
      const work = this.#work.get(String(message.properties.correlationId));
      if (work) work.answered = true;
      this.#reply(message, reply);
    });
    const open = () => {
      const service = this.#streamResponders.get(message.fields.routingKey);
      if (!service) throw interrupted(message.fields.routingKey);
      return service.responder(envelopeIn(message), deadline.signal);
    };
    return { done: runDetached(() => writer.write(open, deadline)), writer };
  }

  /** Hints, and what askers say about what is under way. */
  #heed({ properties, fields, content }: ConsumeMessage): void {
    if (fields.exchange === SIGNALS) return this.signals.heed(fields.routingKey);
    const control = fromBuffer<Control>({ content });
    const work = this.#work.get(String(properties.correlationId));
    if (!work) return;
    work.seenAt = Date.now();
    if (control.kind === 'cancel') work.deadline.abort(cancelled());
    else if (control.kind === 'credit') work.writer?.grant(control.items);
  }

  /** Says of what takes longer that somebody works on it, and ends streams whose reader is gone. */
  #look(): void {
    const now = Date.now();
    for (const work of this.#work.values()) {
      if (!work.answered) {
        work.answered = true;
        this.#reply(work.message, { kind: 'accepted' });
      }
      if (work.writer && now - work.seenAt > READER_GONE_MS) work.deadline.abort(cancelled());
    }
  }

  #reply({ properties: { replyTo, correlationId } }: ConsumeMessage, reply: Reply): void {
    this.#settleAll();
    const options = { correlationId: String(correlationId), replyTo: this.#control };
    // Without a channel the asker finds out by itself that this process is not there any more.
    this.#channel?.publish('', String(replyTo), replyBuffer(reply), options);
  }

  /** On a channel that was lost the message has gone to somebody else already. */
  #settle(channel: Channel, message: ConsumeMessage): void {
    if (this.#channel === channel) channel.ack(message);
    else this.#logger.debug(`The channel of a ${message.fields.routingKey} was lost before it was acknowledged`);
  }

  #settleSoon(channel: Channel, message: ConsumeMessage): void {
    this.#toSettle.push({ channel, message });
    this.#settling ??= setTimeout(() => this.#settleAll(), SETTLED_WITHIN_MS).unref();
  }

  #settleAll(): void {
    clearTimeout(this.#settling);
    this.#settling = undefined;
    const settled = this.#toSettle;
    this.#toSettle = [];
    for (const { channel, message } of settled) this.#settle(channel, message);
  }

  #abortAll(): void {
    for (const { deadline } of this.#work.values()) deadline.abort(shuttingDown());
  }
}

/** The asker waits so long, then the message expires in the queue; a handler need not go on longer. */
const timeoutOf = ({ properties: { expiration } }: ConsumeMessage) =>
  expiration === undefined ? undefined : Number(expiration);

const asError = (error: unknown): Reply => ({ kind: 'error', error: toDomainError(error).toJSON() });
