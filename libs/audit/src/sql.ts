/** What the audit needs of a database; `Database` of libs/persistence is one. */
export interface Sql {
  /** `$1` parameters; inside the ambient unit of work if there is one. */
  query<T = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<T[]>;
  /** Runs `work` as one unit: all of it is stored, or nothing. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
}

/** The columns of `platform.events e` as an `AuditedEvent`. */
export const AUDITED = `
  e.position::text AS position, e.id::text AS id, e.stream, e.version, e.type, e.data, e.erased, e.metadata,
  to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "occurredAt"`;
