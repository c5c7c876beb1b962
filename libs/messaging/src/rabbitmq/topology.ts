import type { Channel, Options } from 'amqplib';
import { deadQueueOf, EVENTS, retryQueueOf } from './wire-format.js';

/** A queue and the event types that it hears. */
export interface QueueRoute {
  readonly queue: string;
  readonly types: readonly string[];
}

/**
 * A message that takes down every process that touches it is parked by the broker itself after so many deliveries. Far
 * above what any subscription allows, which count by themselves; the same for all queues, because a queue's arguments can
 * never be changed.
 */
const DELIVERY_LIMIT = 100;

/** Replicated, never dropped silently: what is moved to another queue is removed here only when it is stored there. */
const quorum = (args: Record<string, unknown> = {}): Options.AssertQueue => ({
  durable: true,
  arguments: { 'x-queue-type': 'quorum', ...args },
});

const movesTo = (key?: string) => ({
  'x-dead-letter-exchange': '',
  ...(key && { 'x-dead-letter-routing-key': key }),
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
});

export async function assertEvents(channel: Channel): Promise<void> {
  await channel.assertExchange(EVENTS, 'topic', { durable: true });
}

/** A reaction's queue, what it hears, and where its messages are parked. */
export async function assertQueue(channel: Channel, { queue, types }: QueueRoute): Promise<void> {
  const dead = deadQueueOf(queue);
  await channel.assertQueue(dead, quorum());
  await channel.assertQueue(queue, quorum({ ...movesTo(dead), 'x-delivery-limit': DELIVERY_LIMIT }));
  for (const type of types) await channel.bindQueue(queue, EVENTS, type);
}

/** Where what failed waits before it goes back to the queue that its routing key names: one for each length of the wait. */
export async function assertRetryQueue(channel: Channel, delayMs: number): Promise<string> {
  const name = retryQueueOf(delayMs);
  await channel.assertQueue(name, quorum({ ...movesTo(), 'x-message-ttl': delayMs }));
  await channel.assertExchange(name, 'fanout', { durable: true });
  await channel.bindQueue(name, name, '');
  return name;
}
