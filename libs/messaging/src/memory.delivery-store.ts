import { type Clock, type ErrorJson, SystemClock } from '@app/kernel';
import {
  DeliveryStore,
  type Enqueued,
  type Idle,
  type Route,
  type StoredDelivery,
  type Waiting,
} from './delivery-store.js';
import type { Envelope } from './message.js';
import type { DeadLetter, DeadLetterPage, QueueDepth } from './transport.js';
import { overTheWire } from './wire.js';

interface Row {
  id: string;
  queue: string;
  envelope: Envelope;
  attempts: number;
  dueAt: number;
  begun: boolean;
  diedAt?: Date;
  error?: ErrorJson;
}

/** Keeps deliveries for as long as the process lives: for tests, and the model that the database adapter is held to. */
export class MemoryDeliveryStore extends DeliveryStore {
  // A Map keeps the order of insertion, which is the order of ids.
  private readonly rows = new Map<string, Row>();
  private lastId = 0;

  constructor(private readonly clock: Clock = new SystemClock()) {
    super();
  }

  async enqueue(envelopes: readonly Envelope[], routes: readonly Route[], idle: Idle): Promise<Enqueued> {
    const free = new Map(idle);
    const begun: StoredDelivery[] = [];
    const waiting = new Set<string>();
    for (const envelope of envelopes) {
      for (const { queue } of routes.filter(({ type }) => type === envelope.type)) {
        if (this.holds(queue, envelope.id)) continue;
        const slots = free.get(queue) ?? 0;
        free.set(queue, slots - 1);
        const row = this.add(queue, envelope, slots > 0);
        if (row.begun) begun.push(view(row));
        else waiting.add(queue);
      }
    }
    return { begun, waiting: [...waiting] };
  }

  async take(queue: string, limit: number): Promise<StoredDelivery[]> {
    const now = this.clock.now().getTime();
    const due = this.ofQueue(queue).filter((row) => isWaiting(row) && row.dueAt <= now);
    return due.slice(0, limit).map((row) => {
      row.begun = true;
      row.attempts++;
      return view(row);
    });
  }

  async complete(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.change(id, () => this.rows.delete(id));
  }

  async retry(id: string, delayMs: number, error: ErrorJson): Promise<void> {
    this.change(id, (row) => Object.assign(row, { begun: false, error, dueAt: this.clock.now().getTime() + delayMs }));
  }

  async release(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.change(id, (row) => Object.assign(row, { begun: false, attempts: row.attempts - 1 }));
  }

  async park(id: string, error: ErrorJson): Promise<void> {
    this.change(id, (row) => Object.assign(row, { begun: false, error, diedAt: this.clock.now() }));
  }

  async recover(): Promise<boolean> {
    for (const row of this.rows.values()) row.begun = false;
    return this.rows.size > 0;
  }

  async waiting(): Promise<Waiting[]> {
    const now = this.clock.now().getTime();
    const due = new Map<string, number>();
    for (const row of this.rows.values()) {
      if (isWaiting(row)) due.set(row.queue, Math.min(due.get(row.queue) ?? Infinity, row.dueAt - now));
    }
    return [...due].map(([queue, dueInMs]) => ({ queue, dueInMs }));
  }

  async depths(): Promise<QueueDepth[]> {
    const byQueue = Map.groupBy(this.rows.values(), ({ queue }) => queue);
    const depths = [...byQueue].map(([queue, rows]) => ({
      queue,
      waiting: rows.filter(isWaiting).length,
      running: rows.filter(({ begun }) => begun).length,
      parked: rows.filter(({ diedAt }) => diedAt).length,
    }));
    return depths.toSorted((a, b) => (a.queue < b.queue ? -1 : 1));
  }

  async deadLetters(queue: string, { after = '0', limit }: DeadLetterPage = {}): Promise<DeadLetter[]> {
    const letters = this.ofQueue(queue).flatMap(({ id, envelope, attempts, diedAt, error }) =>
      diedAt && error && BigInt(id) > BigInt(after)
        ? [{ id, queue, envelope: overTheWire(envelope), attempts, diedAt, error }]
        : [],
    );
    return letters.slice(0, limit);
  }

  async replay(queue: string, id: string): Promise<boolean> {
    const row = this.deadRow(queue, id);
    if (row) Object.assign(row, { attempts: 0, dueAt: 0, diedAt: undefined, error: undefined });
    return row !== undefined;
  }

  async drop(queue: string, id: string): Promise<boolean> {
    return this.deadRow(queue, id) !== undefined && this.rows.delete(id);
  }

  private add(queue: string, envelope: Envelope, begun: boolean): Row {
    const row: Row = {
      id: String(++this.lastId),
      queue,
      envelope: overTheWire(envelope),
      attempts: begun ? 1 : 0,
      dueAt: 0,
      begun,
    };
    this.rows.set(row.id, row);
    return row;
  }

  private ofQueue(queue: string): Row[] {
    return [...this.rows.values()].filter((row) => row.queue === queue);
  }

  private holds(queue: string, messageId: string): boolean {
    return this.ofQueue(queue).some(({ envelope }) => envelope.id === messageId);
  }

  private deadRow(queue: string, id: string): Row | undefined {
    const row = this.rows.get(id);
    return row?.queue === queue && row.diedAt ? row : undefined;
  }

  private change(id: string, change: (row: Row) => void): void {
    const row = this.rows.get(id);
    if (row?.begun) change(row);
  }
}

const isWaiting = (row: Row) => !row.begun && !row.diedAt;
const view = ({ id, queue, envelope, attempts }: Row): StoredDelivery => ({
  id,
  queue,
  envelope: overTheWire(envelope),
  attempts,
});
