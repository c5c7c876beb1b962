import { STREAMS_ERASED } from '@app/audit';
import { DomainError, newId } from '@app/kernel';
import { eraseStreams } from './erase-streams.js';
import type { Database } from './database.js';

export interface NewEvent {
  readonly type: string;
  readonly data: object;
}

/** Who and what caused an event; names are those of the envelope. */
export interface EventMetadata {
  actor?: { userId: string; role: string; scopes?: string[] };
  correlationid?: string;
  causationid?: string;
  traceparent?: string;
  tracestate?: string;
  source?: string;
}

export interface StoredEvent {
  /** Order over all streams; a 64-bit number as text. */
  position: string;
  id: string;
  stream: string;
  /** 1, 2, 3 … within its stream. */
  version: number;
  type: string;
  data: Record<string, unknown>;
  metadata: EventMetadata;
  occurredAt: Date;
}

interface EventRow {
  position: string;
  id: string;
  stream: string;
  version: number;
  type: string;
  data: Record<string, unknown>;
  metadata: EventMetadata;
  occurred_at: Date;
}

const COLUMNS = 'position, id, stream, version, type, data, metadata, occurred_at';

/** One statement: checks the version and stores the events; `queued` says where else they go. */
const insertion = (queued = '') => `
  WITH head AS (
    SELECT coalesce(max(version), 0) AS version FROM platform.events WHERE stream = $1
  ), stored AS (
    INSERT INTO platform.events (id, stream, version, type, data, metadata)
    SELECT e.id, $1, head.version + e.n, e.type, e.data, $4::jsonb
    FROM jsonb_to_recordset($3::jsonb) AS e(id uuid, n int, type text, data jsonb), head
    WHERE $2::int IS NULL OR head.version = $2::int
    ORDER BY e.n
    RETURNING ${COLUMNS}
  )${queued}
  SELECT ${COLUMNS} FROM stored ORDER BY version`;
const INSERT = insertion();
const INSERT_AND_QUEUE = insertion(', queued AS (INSERT INTO platform.outbox (position) SELECT position FROM stored)');

/** Told of stored events inside the transaction that stores them. */
export interface EventListener {
  apply(events: readonly StoredEvent[]): Promise<void>;
}

/** Hands stored events to those who hear them, inside the transaction that stores them: these need no outbox. */
export interface EventCarrier {
  carry(events: readonly StoredEvent[]): Promise<void>;
}

/** The append-only table of everything that happened: event store, outbox and audit in one. */
export class EventStore {
  #listener: EventListener | null = null;
  #carrier: EventCarrier | null = null;
  #wake: () => void = () => undefined;

  constructor(
    private readonly db: Database,
    /** Metadata of what is stored now, unless the caller gives its own. */
    private readonly ambient: () => EventMetadata = () => ({}),
  ) {}

  /** The projections. */
  listen(listener: EventListener): void {
    this.#listener = listener;
  }

  /** From now on events are carried and not put into the outbox. */
  carryBy(carrier: EventCarrier): void {
    this.#carrier = carrier;
  }

  /** Called after each commit that put events into the outbox. */
  onStored(wake: () => void): void {
    this.#wake = wake;
  }

  /**
   * Stores events at the end of a stream, queues them for publishing and brings the projections up to date, in the
   * ambient unit of work or in one of its own.
   *
   * @param expectedVersion events that the stream must have by now; 'any' when it does not matter
   * @throws DomainError conflict `platform.stream-changed` when another writer was first
   */
  append(
    stream: string,
    expectedVersion: number | 'any',
    events: readonly NewEvent[],
    metadata: EventMetadata = this.ambient(),
  ): Promise<StoredEvent[]> {
    return this.db.transaction(async () => {
      // Writers without an expectation take turns instead of failing.
      if (expectedVersion === 'any') {
        await this.db.write(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [stream]);
      }
      const carrier = this.#carrier;
      const insert = carrier ? INSERT : INSERT_AND_QUEUE;
      const stored = await this.#insert(insert, stream, expectedVersion, events, metadata);
      if (stored.length !== events.length) throw streamChanged(stream);
      await this.#listener?.apply(stored);
      if (carrier) await carrier.carry(stored);
      else this.db.afterCommit(this.#wake);
      return stored;
    });
  }

  async #insert(
    insert: string,
    stream: string,
    expectedVersion: number | 'any',
    events: readonly NewEvent[],
    metadata: EventMetadata,
  ): Promise<StoredEvent[]> {
    const input = events.map(({ type, data }, index) => ({ id: newId(), n: index + 1, type, data }));
    try {
      const rows = await this.db.query<EventRow>(insert, [
        stream,
        expectedVersion === 'any' ? null : expectedVersion,
        JSON.stringify(input),
        JSON.stringify(metadata),
      ]);
      return rows.map(toEvent);
    } catch (error) {
      // Of this table alone: a statement that waited for this one may have failed.
      const { code, table } = error as { code?: string; table?: string };
      if (code === '23505' && table === 'events') throw streamChanged(stream, error);
      throw error;
    }
  }

  /**
   * Takes what people wrote out of all events of these streams: the texts in fields of these names, in the ambient unit of
   * work or in one of its own. What happened, when and by whom stays, and the audit's chain holds; that it was done is an
   * event itself.
   */
  erase(streams: readonly string[], fields: readonly string[]): Promise<void> {
    return this.db.transaction(async () => {
      if (!(await eraseStreams(this.db, streams, fields))) return;
      await this.append(`platform.erasure:${newId()}`, 0, [{ type: STREAMS_ERASED, data: { streams } }]);
    });
  }

  /** The events of one stream above `afterVersion`, oldest first. */
  async read(stream: string, afterVersion = 0): Promise<StoredEvent[]> {
    const rows = await this.db.query<EventRow>(
      `SELECT ${COLUMNS} FROM platform.events WHERE stream = $1 AND version > $2 ORDER BY version`,
      [stream, afterVersion],
    );
    return rows.map(toEvent);
  }

  /** Events of all streams above `afterPosition`, in order; of these types only, if given. */
  async readAll(afterPosition: string, limit: number, types?: readonly string[]): Promise<StoredEvent[]> {
    const rows = await this.db.query<EventRow>(
      `SELECT ${COLUMNS} FROM platform.events
       WHERE position > $1 AND ($2::text[] IS NULL OR type = ANY($2)) ORDER BY position LIMIT $3`,
      [afterPosition, types ?? null, limit],
    );
    return rows.map(toEvent);
  }
}

function toEvent({ occurred_at: occurredAt, ...row }: EventRow): StoredEvent {
  return { ...row, occurredAt };
}

const streamChanged = (stream: string, cause?: unknown) =>
  new DomainError(
    'conflict',
    'platform.stream-changed',
    'Somebody else changed this at the same time. Try again.',
    { stream },
    { cause },
  );
