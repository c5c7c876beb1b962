/** What the adapters need of a database; `Database` of libs/persistence is one. */
export interface Sql {
  /** `$1` parameters; inside the ambient unit of work if there is one. */
  query<T = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<T[]>;
}
