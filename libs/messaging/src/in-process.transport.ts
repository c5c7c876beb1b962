import { EventEmitter } from 'node:events';
import { Injectable, Logger } from '@nestjs/common';
import { DomainError, toDomainError } from '@app/kernel';
import { cancellableStream } from './cancellable-stream.js';
import { runDetached } from './context.js';
import { Deadline } from './deadline.js';
import { DeliveryStore, type Enqueued, type Idle, type Route } from './delivery-store.js';
import type { Envelope } from './message.js';
import { QueueWorker } from './queue-worker.js';
import { Settlement } from './settlement.js';
import {
  type DeadLetter,
  type DeadLetterPage,
  type QueueDepth,
  type Responder,
  type StreamOptions,
  type StreamResponder,
  type Subscriber,
  type Subscription,
  Transport,
} from './transport.js';
import { overTheWire } from './wire.js';

/**
 * The transport of the single process. Requests are calls, with payloads and errors taken over JSON on purpose: what
 * cannot cross a wire fails on a laptop. Events are durable in the `DeliveryStore`; wake-ups are in memory, and a slow
 * poll is only the safety net.
 */
@Injectable()
export class InProcessTransport extends Transport {
  private readonly logger = new Logger('Messaging');
  private readonly responders = new Map<string, Responder>();
  private readonly streamResponders = new Map<string, StreamResponder>();
  private readonly workers = new Map<string, QueueWorker>();
  private readonly routes: Route[] = [];
  private readonly signals = new EventEmitter().setMaxListeners(0);
  private readonly settlement: Settlement;
  private recovered: Promise<ReadonlyMap<string, number>> | undefined;
  private poll: NodeJS.Timeout | undefined;

  override readonly publishFromOutbox?: (limit: number) => Promise<number>;
  override readonly publishInUnit?: (envelopes: readonly Envelope[]) => (committed: boolean) => void;

  constructor(
    private readonly store: DeliveryStore,
    private readonly options: { pollMs?: number } = {},
  ) {
    super();
    this.settlement = new Settlement(store);
    const { enqueueFromOutbox, enqueueInUnit } = store;
    if (enqueueFromOutbox) this.publishFromOutbox = (limit) => this.moveFromOutbox(limit);
    if (enqueueInUnit) this.publishInUnit = (envelopes) => this.storeInUnit(enqueueInUnit.bind(store), envelopes);
  }

  async request(envelope: Envelope, { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal }) {
    const respond = served(this.responders, envelope.type);
    using deadline = new Deadline({ what: envelope.type, timeoutMs, signals: [signal] });
    try {
      const request = overTheWire(envelope);
      return overTheWire(await deadline.race(() => runDetached(() => respond(request, deadline.signal))));
    } catch (error) {
      throw errorOverTheWire(error);
    }
  }

  stream(envelope: Envelope, { signal }: StreamOptions = {}): AsyncIterable<unknown> {
    const open = (reading: AbortSignal) => served(this.streamResponders, envelope.type)(overTheWire(envelope), reading);
    return cancellableStream(envelope.type, (reading) => itemsOverTheWire(open(reading)), {
      signals: [signal],
      within: (step) => runDetached(step),
    });
  }

  async respond(type: string, responder: Responder): Promise<void> {
    this.responders.set(type, responder);
  }

  async respondStream(type: string, responder: StreamResponder): Promise<void> {
    this.streamResponders.set(type, responder);
  }

  publish(envelopes: readonly Envelope[]): Promise<void> {
    const routes = this.routesOf(envelopes);
    if (routes.length === 0) return Promise.resolve();
    return runDetached(async () => {
      await this.handOver(routes, (idle) => this.store.enqueue(envelopes, routes, idle));
    });
  }

  async subscribe(subscription: Subscription, subscriber: Subscriber): Promise<void> {
    const { queue, types } = subscription;
    if (this.workers.has(queue)) throw new Error(`Queue ${queue} has a subscriber already.`);
    await runDetached(async () => {
      const left = await (this.recovered ??= this.recover());
      const worker = new QueueWorker(subscription, subscriber, this.store, this.settlement);
      this.workers.set(queue, worker);
      this.routes.push(...types.map((type) => ({ queue, type })));
      this.poll ??= setInterval(() => void this.look(), this.options.pollMs ?? 1_000).unref();
      const dueInMs = left.get(queue);
      if (dueInMs !== undefined) worker.wake(dueInMs);
    });
  }

  async queues(known: readonly string[] = []): Promise<QueueDepth[]> {
    const holding = new Map((await this.store.depths()).map((depth) => [depth.queue, depth]));
    const names = [...new Set([...known, ...this.workers.keys(), ...holding.keys()])].toSorted();
    return names.map((queue) => holding.get(queue) ?? { queue, waiting: 0, running: 0, parked: 0 });
  }

  signal(topic: string): void {
    setImmediate(() => runDetached(() => this.signals.emit(topic)));
  }

  onSignal(topic: string, heed: () => void): () => void {
    this.signals.on(topic, heed);
    return () => this.signals.off(topic, heed);
  }

  deadLetters(queue: string, page?: DeadLetterPage): Promise<DeadLetter[]> {
    return this.store.deadLetters(queue, page);
  }

  async replay(queue: string, id: string): Promise<void> {
    if (!(await this.store.replay(queue, id))) throw noDeadLetter(queue, id);
    runDetached(() => this.workers.get(queue)?.wake());
  }

  async drop(queue: string, id: string): Promise<void> {
    if (!(await this.store.drop(queue, id))) throw noDeadLetter(queue, id);
  }

  async drain(graceMs: number): Promise<void> {
    clearInterval(this.poll);
    await Promise.all([...this.workers.values()].map((worker) => worker.drain(graceMs)));
    await this.settlement.settled();
  }

  async close(): Promise<void> {
    await this.drain(0);
    this.settlement.close();
  }

  /** What an earlier process left, by queue; looked for once, and not by each of some twenty workers. */
  private async recover(): Promise<ReadonlyMap<string, number>> {
    if (!(await this.store.recover())) return new Map();
    return new Map((await this.store.waiting()).map(({ queue, dueInMs }) => [queue, dueInMs]));
  }

  private async moveFromOutbox(limit: number): Promise<number> {
    const move = this.store.enqueueFromOutbox?.bind(this.store);
    if (!move) return 0;
    const { moved } = await this.handOver(this.routes, (idle) => move(limit, this.routes, idle));
    return moved;
  }

  private routesOf(envelopes: readonly Envelope[]): Route[] {
    const types = new Set(envelopes.map(({ type }) => type));
    return this.routes.filter(({ type }) => types.has(type));
  }

  private storeInUnit(enqueueInUnit: DeliveryStore['enqueue'], envelopes: readonly Envelope[]) {
    const routes = this.routesOf(envelopes);
    if (routes.length === 0) return () => undefined;
    const { idle, end } = this.reserve(routes);
    const enqueued = enqueueInUnit(envelopes, routes, idle);
    // What is committed was stored; of a failure the unit tells.
    const stored = enqueued.catch(() => NOTHING);
    return (committed: boolean) => runDetached(() => (committed ? void stored.then(end) : end(NOTHING)));
  }

  /** Stores copies, and gives those that find an idle worker to it without another look at the store. */
  private async handOver<E extends Enqueued>(routes: readonly Route[], store: (idle: Idle) => Promise<E>): Promise<E> {
    const handOver = this.reserve(routes);
    let enqueued: E | undefined;
    try {
      enqueued = await store(handOver.idle);
      return enqueued;
    } finally {
      handOver.end(enqueued ?? NOTHING);
    }
  }

  /** Idle workers of these queues, for copies that are about to be stored; they are kept until `end`. */
  private reserve(routes: readonly Route[]) {
    const queues = [...new Set(routes.map(({ queue }) => queue))];
    const idle = new Map(queues.map((queue) => [queue, this.workers.get(queue)?.reserve() ?? 0]));
    const end = ({ begun, waiting }: Enqueued) => {
      const begins = Map.groupBy(begun, ({ queue }) => queue);
      for (const queue of waiting) this.workers.get(queue)?.wake();
      for (const [queue, slots] of idle) this.workers.get(queue)?.begin(begins.get(queue) ?? [], slots);
    };
    return { idle, end };
  }

  private async look(): Promise<void> {
    try {
      for (const { queue, dueInMs } of await this.store.waiting()) this.workers.get(queue)?.wake(dueInMs);
    } catch (err) {
      this.logger.error({ msg: 'Could not look for waiting deliveries', err });
    }
  }
}

const NOTHING: Enqueued = { begun: [], waiting: [] };

function served<R>(responders: ReadonlyMap<string, R>, type: string): R {
  const responder = responders.get(type);
  if (responder) return responder;
  throw new DomainError('unavailable', 'platform.no-handler', `Nobody serves ${type} at the moment.`, { type });
}

const errorOverTheWire = (error: unknown) => DomainError.fromJSON(overTheWire(toDomainError(error).toJSON()));

async function* itemsOverTheWire(items: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  try {
    for await (const item of items) yield overTheWire(item);
  } catch (error) {
    throw errorOverTheWire(error);
  }
}

const noDeadLetter = (queue: string, id: string) =>
  new DomainError('not-found', 'platform.dead-letter-not-found', `Queue ${queue} holds no dead letter ${id}.`);
