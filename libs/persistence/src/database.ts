import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { type OpenDatabase, openDataSource } from './data-source.js';

/** The part of pg's Pool and Client that is used here. */
interface Queryable {
  query(query: { name?: string; text: string; values?: unknown[] }): Promise<{ rows: unknown[] }>;
}

interface Unit {
  runner: QueryRunner;
  client: Queryable;
  afterCommit: (() => void)[];
}

/** Texts that are prepared; a program has few of them. More than this would be texts with values in them. */
const MOST_PREPARED = 2_000;

/**
 * The database of this process. Inside `transaction` everything goes to that unit of work, whoever calls it, and only
 * there; outside each query is its own transaction.
 */
export class Database {
  readonly #units = new AsyncLocalStorage<Unit>();
  readonly #names = new Map<string, string>();
  readonly #pool: Queryable;

  private constructor(private readonly open: OpenDatabase) {
    this.#pool = (open.dataSource.driver as unknown as { master: Queryable }).master;
  }

  /** @param url pglite://<folder> or postgres://… */
  static async connect(url: string): Promise<Database> {
    return new Database(await openDataSource(url));
  }

  get dataSource(): DataSource {
    return this.open.dataSource;
  }

  /** TypeORM's manager of the ambient unit of work, or of none. */
  get manager(): EntityManager {
    return this.#units.getStore()?.runner.manager ?? this.dataSource.manager;
  }

  get inTransaction(): boolean {
    return this.#units.getStore() !== undefined;
  }

  /** Runs one statement; parameters are `$1`, `$2`, …. With parameters (an empty list counts) it is prepared once. */
  async query<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]> {
    const target = this.#units.getStore()?.client ?? this.#pool;
    const { rows } = await target.query(values ? { name: this.#nameOf(text), text, values } : { text });
    return rows as T[];
  }

  /**
   * Runs `work` as one unit: all of it is stored, or nothing. A call inside another one joins it. Never wait for the
   * network inside: on the embedded database everybody else waits too.
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.inTransaction) return work();
    const runner = this.dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as Queryable;
      await runner.startTransaction();
      const unit: Unit = { runner, client, afterCommit: [] };
      let result: T;
      try {
        result = await this.#units.run(unit, work);
        await runner.commitTransaction();
      } catch (error) {
        // The connection may be gone; the first error is the one to tell.
        await runner.rollbackTransaction().catch(() => undefined);
        throw error;
      }
      await runner.release();
      this.#units.exit(() => unit.afterCommit.forEach((then) => then()));
      return result;
    } finally {
      if (!runner.isReleased) await runner.release();
    }
  }

  /** Runs `then` once the ambient unit is committed, never if it is rolled back; at once outside a unit. */
  afterCommit(then: () => void): void {
    const unit = this.#units.getStore();
    if (unit) unit.afterCommit.push(then);
    else then();
  }

  /** Resolves when the database answers. */
  async ping(): Promise<void> {
    await this.query('SELECT 1');
  }

  close(): Promise<void> {
    return this.open.close();
  }

  #nameOf(text: string): string | undefined {
    let name = this.#names.get(text);
    if (!name && this.#names.size < MOST_PREPARED) {
      name = createHash('sha256').update(text).digest('base64url').slice(0, 24);
      this.#names.set(text, name);
    }
    return name;
  }
}
