/** What the adapters need of a database; `Database` of libs/persistence is one. */
export interface Sql {
  /** `$1` parameters; inside the ambient unit of work if there is one. */
  query<T = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<T[]>;
}

/** The same, where units of work are. */
export interface UnitSql extends Sql {
  /** Goes with the next statement of the ambient unit, or with its commit: its rows come after that, its error is theirs. */
  queryWithNext<T = Record<string, unknown>>(sql: string, params: unknown[]): Promise<T[]>;
}
