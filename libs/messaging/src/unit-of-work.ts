/** Runs work so that all its effects are stored together or none. `Database` of libs/persistence is one. */
export abstract class UnitOfWork {
  /** A unit is open already, which `transaction` would join. */
  abstract readonly inTransaction: boolean;
  abstract transaction<T>(work: () => Promise<T>): Promise<T>;
}
