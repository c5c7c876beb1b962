import type { ErrorJson } from '@app/kernel';
import type { Envelope } from './message.js';
import type { DeadLetter, DeadLetterPage, QueueDepth } from './transport.js';

/** One queue's copy of a message. */
export interface StoredDelivery {
  /** Grows with the order of storing, within and across queues. */
  readonly id: string;
  readonly queue: string;
  readonly envelope: Envelope;
  /** Attempts begun, the one of this take included. */
  readonly attempts: number;
}

/** A queue that hears a type. */
export interface Route {
  readonly queue: string;
  readonly type: string;
}

export interface Enqueued {
  /** Already begun (attempt 1): to be handled by the caller without a `take`. In order. */
  readonly begun: StoredDelivery[];
  /** Queues that got copies which wait for a `take`. */
  readonly waiting: string[];
}

export interface Waiting {
  readonly queue: string;
  /** Milliseconds until the first is due; 0 or less when one is due. */
  readonly dueInMs: number;
}

/**
 * Durable queues for the in-process transport; one process owns them. A delivery is waiting, begun or dead. An attempt is
 * counted when it begins, so that a message which takes the whole process down is parked after its last attempt too.
 * Only what is begun can be completed, retried, released or parked: on anything else these do nothing, so a repeat after an
 * unclear answer is safe.
 * Two adapters, memory and database, pass `delivery-store.contract.ts`.
 */
export abstract class DeliveryStore {
  /**
   * Stores a copy of each envelope for each route of its type, all or none, in order. A queue that already holds a
   * message id ignores it. `idle` says how many of a queue's copies begin at once.
   */
  abstract enqueue(envelopes: readonly Envelope[], routes: readonly Route[], idle: Idle): Promise<Enqueued>;

  /** Begins up to `limit` due deliveries, lowest id first. */
  abstract take(queue: string, limit: number): Promise<StoredDelivery[]>;

  /** Handled: forgotten for good. */
  abstract complete(ids: readonly string[]): Promise<void>;

  /** Waits again, due after `delayMs`. */
  abstract retry(id: string, delayMs: number, error: ErrorJson): Promise<void>;

  /** Waits again, due now, and the begun attempt does not count. */
  abstract release(ids: readonly string[]): Promise<void>;

  abstract park(id: string, error: ErrorJson): Promise<void>;

  /**
   * After a crash: what a dead process had begun waits again, with the attempt counted.
   *
   * @returns false: there is no delivery at all
   */
  abstract recover(): Promise<boolean>;

  /** Queues with waiting deliveries, and when the first of each is due. */
  abstract waiting(): Promise<Waiting[]>;

  /** Queues that hold something, by name. */
  abstract depths(): Promise<QueueDepth[]>;

  /** The oldest first. */
  abstract deadLetters(queue: string, page?: DeadLetterPage): Promise<DeadLetter[]>;

  /** A dead letter waits again with no attempt counted; false when there is none of that id. */
  abstract replay(queue: string, id: string): Promise<boolean>;

  abstract drop(queue: string, id: string): Promise<boolean>;

  /**
   * Optional, for a store that shares the database of the events: `enqueue` in the ambient unit of work, together with its
   * next statement or its commit. Resolves after that: never wait for it inside the unit.
   */
  enqueueInUnit?(envelopes: readonly Envelope[], routes: readonly Route[], idle: Idle): Promise<Enqueued>;

  /** Optional, for such a store too: `enqueue` of up to `limit` events out of the outbox, in one step. */
  enqueueFromOutbox?(limit: number, routes: readonly Route[], idle: Idle): Promise<Enqueued & { moved: number }>;
}

/** Idle workers by queue; absent means none. */
export type Idle = ReadonlyMap<string, number>;
