/** Runs work so that all its effects are stored together or none. `Database` of libs/persistence is one. */
export abstract class UnitOfWork {
  abstract transaction<T>(work: () => Promise<T>): Promise<T>;
}
