import type { ConfirmChannel, ConsumeMessage, Message as AmqpMessage } from 'amqplib';
import { DomainError } from '@app/kernel';
import { Deadline } from '../deadline.js';
import type { Envelope } from '../message.js';
import type { Broker, Lane } from './broker.js';
import { interrupted, noHandler } from './problems.js';
import { type Control, CONTROL, fromBuffer, REPLY_TO, type Reply, toBuffer } from './wire-format.js';

const SWEEP_MS = 500;
/** Without a sign of life for so long, a request's queue is probed. */
const SILENT_MS = 1_000;
/** An answer that is not there so long after the queue was seen to be worked off never comes. */
const LOST_MS = 1_000;
/** A lost connection is usually back by then; if not, the caller should not wait. */
const CONNECT_WITHIN_MS = 2_000;

/** One question that is under way. */
export interface Asked {
  readonly id: string;
  readonly type: string;
  readonly take: (reply: Reply) => void;
  readonly fail: (error: Error) => void;
}

interface Pending extends Asked {
  readonly askedAt: number;
  /** Control queue of the process that works on it. */
  owner?: string;
  /** When everything sent before it was known to be out of the queue. */
  passedAt?: number;
}

/**
 * The asking side. A reply comes by direct reply-to; a message that no queue takes comes back at once. What has been taken
 * and is then silent is watched: its process is asked for a sign of life, so that a death is noticed in seconds, not at the
 * deadline.
 */
export class Requester {
  readonly #lane: Lane;
  readonly #pending = new Map<string, Pending>();
  readonly #instance: string;
  #sweep: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(broker: Broker, instance: string) {
    this.#instance = instance;
    this.#lane = broker.lane('request', false);
    this.#lane.onLost(() => this.#failAll());
  }

  async start(): Promise<void> {
    this.#sweep = setInterval(() => this.#look(), SWEEP_MS).unref();
    await this.#lane.add(async (channel) => {
      channel.on('return', (message: AmqpMessage) => this.#returned(message));
      await channel.consume(REPLY_TO, (message) => message && this.#arrived(message), { noAck: true });
    });
  }

  stop(): void {
    clearInterval(this.#sweep);
    this.#failAll();
  }

  async request(envelope: Envelope, { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal }) {
    using deadline = new Deadline({ what: envelope.type, timeoutMs, signals: [signal] });
    let asked: Asked | undefined;
    try {
      return await deadline.race(async () => {
        const channel = await this.channel(timeoutMs);
        return await new Promise<unknown>((resolve, reject) => {
          asked = this.ask(
            channel,
            envelope,
            { expiration: timeoutMs },
            (reply) => {
              if (reply.kind === 'value') resolve(reply.value);
            },
            reject,
          );
        });
      });
    } finally {
      if (asked) this.forget(asked, deadline.signal.aborted);
    }
  }

  channel(timeoutMs = CONNECT_WITHIN_MS): Promise<ConfirmChannel> {
    return this.#lane.ready(Math.min(timeoutMs, CONNECT_WITHIN_MS));
  }

  /** Sends it; replies come to `take`, and whatever ends it without one to `fail`. */
  ask(
    channel: ConfirmChannel,
    envelope: Envelope,
    options: { expiration?: number; headers?: Record<string, unknown> },
    take: (reply: Reply) => void,
    fail: (error: Error) => void,
  ): Asked {
    const { type } = envelope;
    const content = toBuffer(envelope);
    const asked: Pending = { id: `${this.#instance}:${++this.#count}`, type, take, fail, askedAt: Date.now() };
    this.#pending.set(asked.id, asked);
    channel.publish('', type, content, {
      ...options,
      mandatory: true,
      correlationId: asked.id,
      replyTo: REPLY_TO,
      messageId: envelope.id,
      type: options.headers ? 'stream' : 'request',
    });
    return asked;
  }

  /** No more replies are wanted; `tell`: whoever works on it may stop. */
  forget(asked: Asked, tell: boolean): void {
    const pending = this.#pending.get(asked.id);
    this.#pending.delete(asked.id);
    if (pending && tell) this.#control(pending, { kind: 'cancel' });
  }

  control(asked: Asked, message: Control): void {
    const pending = this.#pending.get(asked.id);
    if (pending) this.#control(pending, message);
  }

  #control({ id, owner }: Pending, message: Control): void {
    const { channel } = this.#lane;
    const options = { correlationId: id, type: 'control' };
    if (!channel) return;
    if (owner) channel.publish('', owner, toBuffer(message), { ...options, mandatory: true });
    else channel.publish(CONTROL, '', toBuffer(message), options);
  }

  #arrived({ properties, content }: ConsumeMessage): void {
    const id = String(properties.correlationId);
    const reply = fromBuffer<Reply>({ content });
    if (reply.kind === 'passed') return this.#passed(id);
    const pending = this.#pending.get(id);
    if (!pending) return;
    if (properties.replyTo) pending.owner = String(properties.replyTo);
    if (reply.kind === 'error') pending.fail(errorOf(reply));
    else if (reply.kind !== 'accepted') pending.take(reply);
  }

  /** No queue took it: nobody serves the type, or the process that worked on it is gone. */
  #returned({ properties, fields }: AmqpMessage): void {
    const id = String(properties.correlationId);
    if (properties.type === 'probe') {
      for (const pending of this.#unowned(id)) pending.fail(interrupted(id));
      return;
    }
    const pending = this.#pending.get(id);
    if (!pending) return;
    pending.fail(fields.routingKey === pending.type ? noHandler(pending.type) : interrupted(pending.type));
  }

  #passed(type: string): void {
    for (const pending of this.#unowned(type)) pending.passedAt ??= Date.now();
  }

  /** What was asked some time ago, and nobody said yet that they work on it. */
  #unowned(type: string): Pending[] {
    const before = Date.now() - SILENT_MS;
    return [...this.#pending.values()].filter((one) => one.type === type && !one.owner && one.askedAt <= before);
  }

  #look(): void {
    const { channel } = this.#lane;
    if (!channel) return;
    const now = Date.now();
    const toProbe = new Set<string>();
    for (const pending of this.#pending.values()) {
      if (pending.owner) this.#control(pending, { kind: 'alive' });
      else if (pending.passedAt && now - pending.passedAt > LOST_MS) pending.fail(interrupted(pending.type));
      else if (now - pending.askedAt > SILENT_MS) toProbe.add(pending.type);
    }
    for (const type of toProbe)
      channel.publish('', type, toBuffer(null), {
        mandatory: true,
        correlationId: type,
        replyTo: REPLY_TO,
        type: 'probe',
      });
  }

  #failAll(): void {
    for (const { type, fail } of this.#pending.values()) fail(interrupted(type));
    this.#pending.clear();
  }
}

const errorOf = ({ error }: Extract<Reply, { kind: 'error' }>) => DomainError.fromJSON(error);
