import type { ErrorJson } from '@app/kernel';
import {
  DeliveryStore,
  type Enqueued,
  type Idle,
  type Route,
  type StoredDelivery,
  type Waiting,
} from './delivery-store.js';
import { eventOf } from './envelope-of-event.js';
import type { Envelope } from './message.js';
import type { UnitSql } from './sql.js';
import type { DeadLetter, DeadLetterPage, QueueDepth } from './transport.js';
import { encode } from './wire.js';

interface Row {
  id: string;
  queue: string;
  envelope: Envelope;
  attempts: number;
}

interface EnqueuedRow {
  id: string | null;
  queue: string;
  /** Absent for a copy that waits. */
  envelope: Envelope | null;
  /** Events that left the outbox. */
  moved: number;
}

/**
 * Deliveries in `platform.deliveries`. The owning process alone begins them, so a begun one is locked without end
 * (`locked_until = 'infinity'`) and set free when that process starts anew. Each step is one statement, written so that
 * no plan reads more of a table than the rows it is about: statistics are often stale here, because rows come and go and
 * the embedded database never analyzes by itself.
 */
export class DatabaseDeliveryStore extends DeliveryStore {
  constructor(private readonly sql: UnitSql) {
    super();
  }

  enqueue(envelopes: readonly Envelope[], routes: readonly Route[], idle: Idle): Promise<Enqueued> {
    return this.store(envelopes, copiesOf(envelopes, routes, idle), (text, values) => this.sql.query(text, values));
  }

  override enqueueInUnit(envelopes: readonly Envelope[], routes: readonly Route[], idle: Idle): Promise<Enqueued> {
    const withNext: Run = (text, values) => this.sql.queryWithNext(text, values);
    return this.store(envelopes, copiesOf(envelopes, routes, idle), withNext);
  }

  private async store(envelopes: readonly Envelope[], copies: readonly Copy[], run: Run): Promise<Enqueued> {
    if (copies.length === 0) return { begun: [], waiting: [] };
    const sent = encode(envelopes)!;
    const stored = await run<{ id: string; queue: string; message_id: string }>(
      `INSERT INTO platform.deliveries (queue, message_id, envelope, attempts, available_at, locked_until)
       SELECT queue, (envelope->>'id')::uuid, envelope, begins::int, clock_timestamp(),
              CASE WHEN begins THEN 'infinity'::timestamptz END
       FROM unnest($2::text[], $3::int[], $4::bool[]) WITH ORDINALITY AS copy(queue, place, begins, nth),
            LATERAL (SELECT $1::jsonb -> place AS envelope OFFSET 0) AS sent
       ORDER BY nth
       ON CONFLICT (queue, message_id) DO NOTHING
       RETURNING id, queue, message_id`,
      [sent, copies.map(({ queue }) => queue), copies.map(({ place }) => place), copies.map(({ begins }) => begins)],
    );
    const arrived = JSON.parse(sent) as Envelope[];
    const isCopy = new Map(copies.map((copy) => [`${copy.queue} ${envelopes[copy.place]!.id}`, copy]));
    const waiting = new Set<string>();
    const given = new Set<number>();
    // What one reaction does to its copy is not to be seen by another.
    const copyOf = (place: number) => {
      if (given.has(place)) return structuredClone(arrived[place]!);
      given.add(place);
      return arrived[place]!;
    };
    const begun = stored.flatMap(({ id, queue, message_id: messageId }) => {
      const copy = isCopy.get(`${queue} ${messageId}`)!;
      if (copy.begins) return [{ id: String(id), queue, envelope: copyOf(copy.place), attempts: 1 }];
      waiting.add(queue);
      return [];
    });
    return { begun, waiting: [...waiting] };
  }

  override async enqueueFromOutbox(limit: number, routes: readonly Route[], idle: Idle) {
    // Mostly nothing waits, and to see that takes a fraction of what moving takes, above all the first time.
    if ((await this.sql.query('SELECT FROM platform.outbox LIMIT 1', [])).length === 0) {
      return { begun: [], waiting: [], moved: 0 };
    }
    const source = `
      gone AS (
        DELETE FROM platform.outbox WHERE position = ANY (ARRAY(
          SELECT position FROM platform.outbox
          WHERE claimed_until IS NULL OR claimed_until < now()
          ORDER BY position LIMIT $1::int FOR UPDATE SKIP LOCKED
        )) RETURNING position
      ),
      sent AS (
        SELECT e.id AS message_id, e.type, e.envelope, gone.position AS place FROM gone, ${eventOf('gone')}
      )`;
    const rows = await this.sql.query<EnqueuedRow>(fanOut(source), [limit, ...hearers(routes, idle)]);
    return { ...enqueuedFrom(rows), moved: Number(rows[0]?.moved ?? 0) };
  }

  async take(queue: string, limit: number): Promise<StoredDelivery[]> {
    const rows = await this.sql.query<Row>(
      `WITH begun AS (
         UPDATE platform.deliveries SET locked_until = 'infinity', attempts = attempts + 1
         WHERE id = ANY (ARRAY(
           SELECT id FROM platform.deliveries
           WHERE queue = $1 AND dead_at IS NULL AND locked_until IS NULL AND available_at <= clock_timestamp()
           ORDER BY id LIMIT $2::int FOR UPDATE SKIP LOCKED
         )) RETURNING id, queue, envelope, attempts
       )
       SELECT * FROM begun ORDER BY id`,
      [queue, limit],
    );
    return rows.map(view);
  }

  async complete(ids: readonly string[]): Promise<void> {
    await this.sql.query('DELETE FROM platform.deliveries WHERE id = ANY($1::bigint[]) AND locked_until IS NOT NULL', [
      ids,
    ]);
  }

  async retry(id: string, delayMs: number, error: ErrorJson): Promise<void> {
    await this.sql.query(
      `UPDATE platform.deliveries
       SET locked_until = NULL, available_at = clock_timestamp() + $2::float8 * interval '1 millisecond', error = $3::jsonb
       WHERE id = $1 AND locked_until IS NOT NULL`,
      [id, delayMs, encode(error)],
    );
  }

  async release(ids: readonly string[]): Promise<void> {
    await this.sql.query(
      `UPDATE platform.deliveries SET locked_until = NULL, attempts = attempts - 1
       WHERE id = ANY($1::bigint[]) AND locked_until IS NOT NULL`,
      [ids],
    );
  }

  async park(id: string, error: ErrorJson): Promise<void> {
    await this.sql.query(
      `UPDATE platform.deliveries SET locked_until = NULL, dead_at = clock_timestamp(), error = $2::jsonb
       WHERE id = $1 AND locked_until IS NOT NULL`,
      [id, encode(error)],
    );
  }

  async recover(): Promise<boolean> {
    // A start waits for it, and mostly finds nothing: the smallest statements first.
    const some = await this.sql.query('SELECT FROM platform.deliveries LIMIT 1', []);
    if (some.length === 0) return false;
    const held = await this.sql.query('SELECT FROM platform.deliveries WHERE locked_until IS NOT NULL LIMIT 1', []);
    if (held.length > 0)
      await this.sql.query('UPDATE platform.deliveries SET locked_until = NULL WHERE locked_until IS NOT NULL');
    return true;
  }

  async waiting(): Promise<Waiting[]> {
    const rows = await this.sql.query<{ queue: string; due_in_ms: string }>(
      `SELECT queue, extract(epoch FROM min(available_at) - clock_timestamp()) * 1000 AS due_in_ms
       FROM platform.deliveries WHERE dead_at IS NULL AND locked_until IS NULL GROUP BY queue`,
    );
    return rows.map(({ queue, due_in_ms }) => ({ queue, dueInMs: Number(due_in_ms) }));
  }

  async depths(): Promise<QueueDepth[]> {
    return this.sql.query<QueueDepth>(
      `SELECT queue,
              (count(*) FILTER (WHERE dead_at IS NULL AND locked_until IS NULL))::int AS waiting,
              (count(*) FILTER (WHERE locked_until IS NOT NULL))::int AS running,
              (count(*) FILTER (WHERE dead_at IS NOT NULL))::int AS parked
       FROM platform.deliveries GROUP BY queue ORDER BY queue COLLATE "C"`,
    );
  }

  async deadLetters(queue: string, { after, limit }: DeadLetterPage = {}): Promise<DeadLetter[]> {
    const rows = await this.sql.query<Row & { dead_at: Date; error: ErrorJson }>(
      `SELECT id, queue, envelope, attempts, dead_at, error
       FROM platform.deliveries
       WHERE queue = $1 AND dead_at IS NOT NULL AND ($2::bigint IS NULL OR id > $2::bigint) ORDER BY id LIMIT $3::bigint`,
      [queue, after ?? null, limit ?? null],
    );
    return rows.map((row) => ({ ...view(row), diedAt: new Date(row.dead_at), error: row.error }));
  }

  async replay(queue: string, id: string): Promise<boolean> {
    const rows = await this.sql.query(
      `UPDATE platform.deliveries SET dead_at = NULL, error = NULL, attempts = 0, available_at = clock_timestamp()
       WHERE queue = $1 AND id::text = $2 AND dead_at IS NOT NULL RETURNING id`,
      [queue, id],
    );
    return rows.length > 0;
  }

  async drop(queue: string, id: string): Promise<boolean> {
    const rows = await this.sql.query(
      'DELETE FROM platform.deliveries WHERE queue = $1 AND id::text = $2 AND dead_at IS NOT NULL RETURNING id',
      [queue, id],
    );
    return rows.length > 0;
  }
}

type Run = <T>(text: string, values: unknown[]) => Promise<T[]>;

interface Copy {
  readonly queue: string;
  /** Of its envelope among those sent. */
  readonly place: number;
  readonly begins: boolean;
}

/** One copy for each queue that hears a type; the first `idle` ones of a queue begin at once. */
function copiesOf(envelopes: readonly Envelope[], routes: readonly Route[], idle: Idle): Copy[] {
  const left = new Map(idle);
  return envelopes.flatMap((envelope, place) =>
    routes
      .filter(({ type }) => type === envelope.type)
      .map(({ queue }) => {
        const free = left.get(queue) ?? 0;
        left.set(queue, free - 1);
        return { queue, place, begins: free > 0 };
      }),
  );
}

/**
 * The same in SQL, for events that this process has not at hand: `source` yields `gone`, what leaves the outbox, and
 * `sent(message_id, type, envelope, place)`. Only copies that begin come back whole.
 */
const fanOut = (source: string) => `
  WITH ${source},
  copies AS (
    SELECT queue, message_id, envelope, place,
           row_number() OVER (PARTITION BY queue ORDER BY place) <= idle AS begins
    FROM sent JOIN unnest($2::text[], $3::text[], $4::int[]) AS hearer(queue, type, idle) USING (type)
  ),
  stored AS (
    INSERT INTO platform.deliveries (queue, message_id, envelope, attempts, available_at, locked_until)
    SELECT queue, message_id, envelope, begins::int, clock_timestamp(), CASE WHEN begins THEN 'infinity'::timestamptz END
    FROM copies ORDER BY place, queue
    ON CONFLICT (queue, message_id) DO NOTHING
    RETURNING id, queue, locked_until, envelope
  )
  SELECT id, queue, CASE WHEN locked_until IS NOT NULL THEN envelope END AS envelope, moved
  FROM (SELECT count(*)::int AS moved FROM gone) AS outbox LEFT JOIN stored ON true
  ORDER BY id`;

const hearers = (routes: readonly Route[], idle: Idle) => [
  routes.map(({ queue }) => queue),
  routes.map(({ type }) => type),
  routes.map(({ queue }) => idle.get(queue) ?? 0),
];

function enqueuedFrom(rows: readonly EnqueuedRow[]): Enqueued {
  const stored = rows.filter(({ id }) => id !== null);
  const begun = stored.flatMap(({ id, queue, envelope }) =>
    envelope ? [{ id: String(id), queue, envelope, attempts: 1 }] : [],
  );
  return { begun, waiting: [...new Set(stored.filter(({ envelope }) => !envelope).map(({ queue }) => queue))] };
}

const view = ({ id, queue, envelope, attempts }: Row): StoredDelivery => ({
  id: String(id),
  queue,
  envelope,
  attempts,
});
