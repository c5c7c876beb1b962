import { type ErrorJson, toDomainError } from '@app/kernel';
import type { Message as AmqpMessage } from 'amqplib';
import type { Envelope } from '../message.js';
import { encode } from '../wire.js';
import { tooLarge } from './problems.js';

/** Far above any message of ours; below the broker's own limit (16 MiB since RabbitMQ 4). */
const MAX_BYTES = 8 * 1024 * 1024;

/** All events go through this topic exchange; the routing key is the type. */
export const EVENTS = 'parley.events';
/** Reaches the control queue of every process. */
export const CONTROL = 'parley.control';
/** Reaches the control queues of the processes that listen to the topic, which is the routing key. */
export const SIGNALS = 'parley.signals';
/** Header: attempts that failed in earlier deliveries. */
export const ATTEMPTS = 'parley-attempts';
/** RabbitMQ's direct reply-to: replies without a queue. */
export const REPLY_TO = 'amq.rabbitmq.reply-to';

export const controlQueueOf = (instance: string) => `parley.instance.${instance}`;
export const deadQueueOf = (queue: string) => `${queue}.dead`;
/** Messages wait here for `delayMs`, then go to the queue that their routing key names. */
export const retryQueueOf = (delayMs: number) => `parley.retry.${delayMs}`;

/** What goes from the serving process to the asking one. */
export type Reply =
  | { kind: 'value'; value?: unknown }
  | { kind: 'error'; error: ErrorJson }
  /** `last`: the stream ends with them. */
  | { kind: 'items'; items: unknown[]; last?: true }
  /** Somebody works on it. */
  | { kind: 'accepted' }
  /** What was sent to this queue before has been taken out of it. */
  | { kind: 'passed' };

/** What goes the other way while something is under way, whose correlation id names it. */
export type Control = { kind: 'credit'; items: number } | { kind: 'alive' } | { kind: 'cancel' };

export function toBuffer(value: unknown): Buffer {
  const buffer = Buffer.from(encode(value) ?? 'null');
  if (buffer.length > MAX_BYTES) throw tooLarge(buffer.length, MAX_BYTES);
  return buffer;
}

export const fromBuffer = <T>({ content }: Pick<AmqpMessage, 'content'>): T =>
  JSON.parse(content.toString('utf8')) as T;

export const envelopeIn = (message: AmqpMessage): Envelope => fromBuffer<Envelope>(message);

/** The reply as bytes; what JSON cannot carry becomes an error reply. */
export function replyBuffer(reply: Reply): Buffer {
  try {
    return toBuffer(reply);
  } catch (error) {
    return toBuffer({ kind: 'error', error: toDomainError(error).toJSON() } satisfies Reply);
  }
}
