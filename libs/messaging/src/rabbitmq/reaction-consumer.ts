import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type DomainError, toDomainError } from '@app/kernel';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { runDetached } from '../context.js';
import { crashed, Deadline, overdue, shuttingDown } from '../deadline.js';
import type { Subscriber, Subscription } from '../transport.js';
import { publishConfirmed } from './broker.js';
import { parkedMessage } from './dead-letters.js';
import { assertRetryQueue } from './topology.js';
import { ATTEMPTS, deadQueueOf, envelopeIn } from './wire-format.js';

/** How often a subscription whose concurrency can change is asked again. */
const LOOK_MS = 250;
const RETRY_PUBLISH_MS = 200;
/** What failed because something else was away is tried again so often, and for so long without counting. */
const ELSEWHERE_MS = 1_000;
const WAITS_MS = 86_400_000;
/** The broker gives out again what a lost channel held as soon as it sees that it is lost: two heartbeats at most. */
const COMES_AGAIN_MS = 60_000;

interface Run {
  outcome: Promise<Outcome>;
  deadline: Deadline;
}

interface Slot {
  tag: string;
  running: number;
}

/**
 * Delivers one queue. A consumer takes no more messages than are worked on at once, so that the broker keeps what waits and
 * gives it to whichever process comes free. Of a concurrency that changes each slot is a consumer of its own, added and
 * cancelled as it changes.
 */
export class ReactionConsumer {
  readonly #logger = new Logger('Messaging');
  /** By message id; until it is settled. */
  readonly #running = new Map<string, Run>();
  readonly #settling = new Set<Promise<void>>();
  #slots: Slot[] = [];
  #channel: ConfirmChannel | undefined;
  #adjusting: Promise<void> | undefined;
  #watch: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly subscription: Subscription,
    private readonly subscriber: Subscriber,
  ) {}

  get running(): number {
    return this.#running.size;
  }

  /** On each new channel. */
  async attach(channel: ConfirmChannel): Promise<void> {
    this.#channel = channel;
    this.#slots = [];
    if (typeof this.subscription.concurrency === 'function')
      this.#watch ??= setInterval(() => this.#adjustSoon(), LOOK_MS).unref();
    await this.#adjust();
  }

  async drain(graceMs: number): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#watch);
    await this.#adjusting;
    const channel = this.#channel;
    await Promise.all(this.#slots.map(async ({ tag }) => channel?.cancel(tag).catch(() => undefined)));
    const settled = async () => {
      while (this.#settling.size > 0) await Promise.all(this.#settling);
    };
    const late = new AbortController();
    await Promise.race([settled(), sleep(graceMs, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
    for (const { deadline } of this.#running.values()) deadline.abort(shuttingDown());
    await settled();
  }

  #adjustSoon(): void {
    if (this.#stopped || this.#adjusting || this.#wanted === this.#slots.length) return;
    this.#adjusting = this.#adjust()
      .catch((err: unknown) => this.#logger.debug({ msg: 'The channel was lost while consumers were changed', err }))
      .finally(() => (this.#adjusting = undefined));
  }

  get #wanted(): number {
    const { concurrency } = this.subscription;
    return Math.max(0, typeof concurrency === 'function' ? concurrency() : Math.min(1, concurrency));
  }

  /** Messages that one consumer has at once. */
  get #prefetch(): number {
    const { concurrency } = this.subscription;
    return typeof concurrency === 'function' ? 1 : concurrency;
  }

  async #adjust(): Promise<void> {
    const channel = this.#channel;
    while (channel && channel === this.#channel && !this.#stopped && this.#slots.length !== this.#wanted) {
      if (this.#slots.length < this.#wanted) {
        const slot: Slot = { tag: '', running: 0 };
        this.#slots.push(slot);
        // For the consumer that follows it on the channel: both are on their way before anything else can be.
        channel.prefetch(this.#prefetch).catch(() => undefined);
        const { consumerTag } = await channel.consume(this.subscription.queue, (message) => {
          if (message) this.#take(channel, message);
          else this.#cancelled(channel, slot);
        });
        slot.tag = consumerTag;
      } else {
        const [slot] = this.#slots.splice(-1);
        if (slot) await channel.cancel(slot.tag);
      }
    }
  }

  /** By the broker: the queue was deleted, or moved to another node. */
  #cancelled(channel: ConfirmChannel, slot: Slot): void {
    this.#logger.warn({ msg: 'RabbitMQ cancelled a consumer', queue: this.subscription.queue });
    this.#slots = this.#slots.filter((other) => other !== slot);
    // A new channel asserts the queue and consumes again.
    if (this.#channel === channel) void channel.close().catch(() => undefined);
  }

  #take(channel: ConfirmChannel, message: ConsumeMessage): void {
    const settling = runDetached(() => this.#handle(channel, message)).finally(() => {
      this.#settling.delete(settling);
      this.#adjustSoon();
    });
    this.#settling.add(settling);
  }

  async #handle(channel: ConfirmChannel, message: ConsumeMessage): Promise<void> {
    const id = String(message.properties.messageId);
    // The connection was lost and the broker gives the message out again, to us, while its first delivery still runs.
    const run = this.#running.get(id) ?? this.#start(id, message);
    await this.#settle(channel, message, await run.outcome);
    if (channel === this.#channel) this.#running.delete(id);
    else this.#forgetLater(id, run);
  }

  #start(id: string, message: ConsumeMessage): Run {
    const { queue, deadlineMs } = this.subscription;
    const deadline = new Deadline({ what: `A delivery of ${queue}`, timeoutMs: deadlineMs });
    const outcome = this.#deliver(message, deadline).finally(() => deadline[Symbol.dispose]());
    const run = { outcome, deadline };
    this.#running.set(id, run);
    return run;
  }

  /** Its channel was lost before it was settled: it comes again, to us or to another process. */
  #forgetLater(id: string, run: Run): void {
    setTimeout(() => {
      if (this.#running.get(id) === run) this.#running.delete(id);
    }, COMES_AGAIN_MS).unref();
  }

  async #deliver(message: ConsumeMessage, deadline: Deadline): Promise<Outcome> {
    const { queue, attempts, backoff } = this.subscription;
    const { signal } = deadline;
    const before = failedBefore(message);
    const attempt = before + 1;
    if (attempt > attempts) return { kind: 'park', attempts, error: crashed() };
    if (this.#stopped) return { kind: 'release', attempts: before };
    try {
      const delivery = { queue, envelope: envelopeIn(message), attempt, last: attempt === attempts, signal };
      await Promise.race([this.subscriber(delivery), overdue(deadline)]);
      return { kind: 'done' };
    } catch (error) {
      const failure = toDomainError(signal.aborted ? signal.reason : error);
      if (failure.code === shuttingDown().code) return { kind: 'release', attempts: before };
      if (isElsewhere(failure) && ageOf(message) < WAITS_MS)
        return { kind: 'retry', attempts: before, delayMs: ELSEWHERE_MS };
      if (attempt === attempts) return { kind: 'park', attempts, error: failure };
      return {
        kind: 'retry',
        attempts: attempt,
        delayMs: Math.min(backoff.maxMs, backoff.baseMs * 2 ** (attempt - 1)),
      };
    }
  }

  /** First stored where it goes, then acknowledged: a crash in between makes a second copy, which the inbox knows. */
  async #settle(channel: ConfirmChannel, message: ConsumeMessage, outcome: Outcome): Promise<void> {
    while (channel === this.#channel) {
      try {
        await this.#move(channel, message, outcome);
        channel.ack(message);
        return;
      } catch (err) {
        if (channel !== this.#channel) return;
        this.#logger.warn({
          msg: 'Could not settle a delivery: will be tried again',
          queue: this.subscription.queue,
          err,
        });
        await sleep(RETRY_PUBLISH_MS, undefined, { ref: false });
      }
    }
  }

  async #move(channel: ConfirmChannel, message: ConsumeMessage, outcome: Outcome): Promise<void> {
    const { queue } = this.subscription;
    if (outcome.kind === 'done') return;
    const { messageId, type } = message.properties as { messageId: string; type: string };
    const headers = { [ATTEMPTS]: outcome.attempts };
    if (outcome.kind === 'park') {
      const options = { messageId, type, headers: parkedMessage(outcome.error, outcome.attempts) };
      return publishConfirmed(channel, '', deadQueueOf(queue), message.content, options);
    }
    const exchange = outcome.kind === 'retry' ? await assertRetryQueue(channel, outcome.delayMs) : '';
    return publishConfirmed(channel, exchange, queue, message.content, { messageId, type, headers });
  }

  /** The channel is lost: what runs goes on, and is settled when the broker gives it out again. */
  detach(): void {
    this.#channel = undefined;
    this.#slots = [];
  }
}

type Outcome =
  | { kind: 'done' }
  | { kind: 'retry'; attempts: number; delayMs: number }
  | { kind: 'release'; attempts: number }
  | { kind: 'park'; attempts: number; error: DomainError };

/** Failed attempts of earlier deliveries, and deliveries of this one that ended with their process. */
function failedBefore({ properties: { headers = {} } }: ConsumeMessage): number {
  return Number(headers[ATTEMPTS] ?? 0) + Number(headers['x-delivery-count'] ?? 0);
}

/**
 * Says nothing about the message: the database or another service is away, or this process is older than the message and
 * does not know its version, while a newer one beside it does.
 */
const isElsewhere = ({ code }: DomainError): boolean =>
  [
    'platform.database-unreachable',
    'platform.broker-unavailable',
    'platform.no-handler',
    'platform.interrupted',
    'platform.circuit-open',
  ].includes(code);

const ageOf = (message: ConsumeMessage): number => Date.now() - Date.parse(envelopeIn(message).time);
