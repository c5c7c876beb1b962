import type { ErrorJson } from '@app/kernel';
import type { Envelope } from './message.js';

/** Answers a request; a thrown `DomainError` reaches the caller with kind, code and details. */
export type Responder = (envelope: Envelope, signal: AbortSignal) => Promise<unknown>;

/** Answers with many items; `signal` aborts when the reader left. */
export type StreamResponder = (envelope: Envelope, signal: AbortSignal) => AsyncIterable<unknown>;

/** What becomes of a stream when the process that produces it shuts down. */
export type OnShutdown = 'close' | 'finish';

/** Resolves: done, never delivered again. Rejects: tried again after a while, parked after the last attempt. */
export type Subscriber = (delivery: Delivery) => Promise<void>;

export interface Delivery {
  readonly queue: string;
  readonly envelope: Envelope;
  /** 1 for the first. */
  readonly attempt: number;
  /** True when a failure now parks the message. */
  readonly last: boolean;
  /** Aborts at the deadline or when the process shuts down (such an attempt does not count). */
  readonly signal: AbortSignal;
}

export interface Subscription {
  readonly queue: string;
  /** Exact event types. */
  readonly types: readonly string[];
  readonly concurrency: number | (() => number);
  readonly attempts: number;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
  /** Milliseconds for one attempt; absent means no limit. */
  readonly deadlineMs?: number;
}

/** A message that failed every attempt and waits for a person. */
export interface DeadLetter {
  readonly id: string;
  readonly queue: string;
  readonly envelope: Envelope;
  readonly attempts: number;
  readonly diedAt: Date;
  readonly error: ErrorJson;
}

/** What a queue holds at one moment; a broker's figures may be some seconds old. */
export interface QueueDepth {
  readonly queue: string;
  /** To be handled, a failed one before its next attempt included. */
  readonly waiting: number;
  /** Given to a subscriber that has not ended yet. */
  readonly running: number;
  /** Dead letters. */
  readonly parked: number;
}

export interface DeadLetterPage {
  /** Id of the last one of the page before; from the oldest when left out. */
  readonly after?: string;
  /** All when left out. */
  readonly limit?: number;
}

export interface StreamOptions {
  /** The reader's own; its abort gives `platform.cancelled`. */
  readonly signal?: AbortSignal;
  /** The reader shows nothing before the end: items may be sent together then, as many as a slow reader's may wait. */
  readonly whole?: boolean;
}

/**
 * How messages cross between services. Each adapter passes `transport.contract.ts`; what that suite asserts is what
 * domain code may rely on. Payloads are JSON: what does not survive `JSON.stringify` does not arrive.
 */
export abstract class Transport {
  /** What carries the messages, by the name that OpenTelemetry has for it if there is one. */
  get system(): string {
    return 'parley';
  }

  /** Whether messages can cross at this moment. */
  get connected(): boolean {
    return true;
  }

  /** Connects, and waits for that as long as it takes. Done by `respond` and `subscribe` too. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Fails with `platform.no-handler` at once when nobody serves the type, `platform.timeout` after `timeoutMs`. */
  abstract request(envelope: Envelope, options: { timeoutMs: number; signal?: AbortSignal }): Promise<unknown>;

  /** Items in order; the producer waits for a slow reader; closing the iterator stops the producer. */
  abstract stream(envelope: Envelope, options?: StreamOptions): AsyncIterable<unknown>;

  abstract respond(type: string, responder: Responder): Promise<void>;

  /** @param options.onShutdown when `drain` is called: default `close` */
  abstract respondStream(
    type: string,
    responder: StreamResponder,
    options?: { onShutdown?: OnShutdown },
  ): Promise<void>;

  /** Resolves when every subscribed queue has stored its copy; no listener is fine. Keeps the order given. */
  abstract publish(envelopes: readonly Envelope[]): Promise<void>;

  /**
   * Optional: moves up to `limit` events from the outbox to their queues in one step of the shared database, instead of
   * claim, publish and delete. Resolves to how many left the outbox.
   */
  publishFromOutbox?(limit: number): Promise<number>;

  /**
   * Optional: stores the copies within the ambient unit of work of the shared database, so that they need no outbox.
   * Returns what is to be called at the unit's end, with whether it was committed.
   */
  publishInUnit?(envelopes: readonly Envelope[]): (committed: boolean) => void;

  /** One subscriber a queue and process. At least once, in the order published among those that are due. */
  abstract subscribe(subscription: Subscription, subscriber: Subscriber): Promise<void>;

  /**
   * Each queue of `known`, whether it holds something or not, and every other one that the adapter knows of, by name.
   * A broker that cannot list its queues knows those that this process subscribed.
   */
  abstract queues(known?: readonly string[]): Promise<QueueDepth[]>;

  /**
   * Deliveries that run in this process and that `queues` of another one cannot count, by queue. Empty where the store
   * of the deliveries tells everybody.
   */
  runningHere(): Record<string, number> {
    return {};
  }

  /** A hint to all who listen, in this process too, that there may be news. Soon, or never: whoever heeds it also looks by itself. */
  abstract signal(topic: string): void;

  /** `heed` may be called without a signal, too. Returns what ends it. */
  abstract onSignal(topic: string, heed: () => void): () => void;

  /** The oldest first. */
  abstract deadLetters(queue: string, page?: DeadLetterPage): Promise<DeadLetter[]>;

  /** Back into the queue, with all attempts anew. `platform.dead-letter-not-found` when it is gone. */
  abstract replay(queue: string, id: string): Promise<void>;

  /** Forgets a dead letter. */
  abstract drop(queue: string, id: string): Promise<void>;

  /**
   * Takes no more deliveries, waits up to `graceMs` for the running ones, then aborts their signals; those go back to
   * their queue with the attempt not counted.
   */
  abstract drain(graceMs: number): Promise<void>;

  abstract close(): Promise<void>;
}
