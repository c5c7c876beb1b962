import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { embeddedFolderOf } from '@app/embedded';
import { tracer } from '@app/observability';
import type pg from 'pg';
import { asDomainError, toldByServer } from './database-errors.js';
import { type Elected, Leadership } from './leadership.js';
import { type Client, type Rows, runOn, type Statement } from './statement.js';
import { type OpenDatabase, openPool } from './pool.js';
import { UnitOfWork } from './unit-of-work.js';

/** Texts that are prepared; a program has few of them. More than this would be texts with values in them. */
const MOST_PREPARED = 2_000;

/**
 * The database of this process. Inside `transaction` everything goes to that unit of work, whoever calls it, and only
 * there; outside each query is its own transaction.
 */
export class Database {
  readonly #logger = new Logger('Persistence');
  readonly #units = new AsyncLocalStorage<UnitOfWork>();
  readonly #names = new Map<string, string>();
  readonly #pool: Pool;
  #closed: Promise<void> | undefined;

  private constructor(
    private readonly open: OpenDatabase,
    private readonly url: string,
  ) {
    this.#pool = open.pool as unknown as Pool;
  }

  /**
   * @param url pglite://<folder> or postgres://…
   * @throws DomainError `platform.database-in-use`, `platform.database-damaged`, `platform.database-not-created`,
   * `platform.database-unreachable` or `platform.disk-full`
   */
  static async connect(url: string): Promise<Database> {
    try {
      return new Database(await openPool(url), url);
    } catch (error) {
      throw asDomainError(error);
    }
  }

  /** For what needs a connection of its own: migrations. */
  get pool(): pg.Pool {
    return this.open.pool;
  }

  /** Whether no other process can write to it: the embedded database is this process's own. */
  get isExclusive(): boolean {
    return embeddedFolderOf(this.url) !== null;
  }

  get inTransaction(): boolean {
    return this.#ambient !== undefined;
  }

  /** Runs one statement; parameters are `$1`, `$2`, …. With parameters (an empty list counts) it is prepared once. */
  async query<T = Record<string, unknown>>(text: string, values?: unknown[]): Promise<T[]> {
    try {
      const query = values ? { name: this.#nameOf(text), text, values } : { text };
      const { rows } = await (this.#ambient?.query(query) ?? this.#alone(query));
      return rows as T[];
    } catch (error) {
      throw asDomainError(error);
    }
  }

  /**
   * Runs a statement together with the next one of the ambient unit, or with its commit when there is no other: one message
   * to the database instead of two. If it fails, so does what it goes with, and the unit.
   *
   * @returns its rows, once that next one ran: never wait for them inside the unit
   */
  queryWithNext<T = Record<string, unknown>>(text: string, values: unknown[]): Promise<T[]> {
    const name = this.#nameOf(text);
    const unit = this.#ambient;
    if (!unit || !name) throw new Error('Only a prepared statement of a unit of work can wait for the next one.');
    return unit.queryWithNext({ name, text, values }) as Promise<T[]>;
  }

  /**
   * Runs a statement whose rows nobody wants: in a unit of work together with the next one, or with the commit, which then
   * tells its error. Outside of a unit at once.
   */
  async write(text: string, values: unknown[]): Promise<void> {
    if (this.#ambient && this.#nameOf(text)) void this.queryWithNext(text, values);
    else await this.query(text, values);
  }

  /**
   * Runs `work` as one unit: all of it is stored, or nothing. A call inside another one joins it, and fails it when it
   * fails; so does a failed statement, even if its error is caught. Never wait for the network inside: on the embedded
   * database everybody else waits too.
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const ambient = this.#ambient;
    return ambient ? ambient.join(work) : this.#run(work);
  }

  /** Runs `then` once the ambient unit is committed, never if it is rolled back; at once outside a unit. */
  afterCommit(then: () => void): void {
    this.atEnd((committed) => committed && then());
  }

  /** Runs `then` once the ambient unit is committed or rolled back; at once outside a unit, where all is committed. */
  atEnd(then: (committed: boolean) => void): void {
    const ambient = this.#ambient;
    if (ambient) ambient.atEnd(then);
    else then(true);
  }

  /**
   * Waits in the line of all processes on this database for a piece of work that only one may do. The embedded database
   * has one process, which is elected at once.
   *
   * @param first goes before those that are not; for whoever does the work best
   */
  lead(name: string, elected: Elected, { first = false } = {}): { stop(): Promise<void> } {
    if (this.url.startsWith('postgres')) return new Leadership(this.url, name, elected, { first });
    const lost = new AbortController();
    elected(lost.signal);
    return { stop: async () => lost.abort() };
  }

  /** Resolves when the database answers. */
  async ping(): Promise<void> {
    await this.query('SELECT 1');
  }

  /** Waits for what runs, and gives the database free. A second call waits for the first one. */
  close(): Promise<void> {
    return (this.#closed ??= this.open.close());
  }

  get #ambient(): UnitOfWork | undefined {
    const unit = this.#units.getStore();
    return unit?.isOpen ? unit : undefined;
  }

  /** Not by the pool's own `query`, which throws the connection and all that it prepared away at each violated rule. */
  async #alone(query: Statement): Promise<Rows> {
    const client = await this.#pool.connect();
    try {
      const [answer] = await runOn(client, query);
      client.release();
      return answer!;
    } catch (error) {
      client.release(toldByServer(error) ? undefined : (error as Error));
      throw error;
    }
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    let client: Connected | undefined;
    let unit: UnitOfWork | undefined;
    let broken: Error | undefined;
    let committed = false;
    const span = tracer()?.start(UNIT);
    let failure: unknown;
    try {
      client = await this.#pool.connect();
      unit = new UnitOfWork(client);
      try {
        const result = await this.#units.run(unit, work);
        await unit.commit();
        committed = true;
        return result;
      } catch (error) {
        // What cannot be rolled back must not be handed to anybody else; the first error is the one to tell.
        await unit.rollback().catch((failure: Error) => (broken = failure));
        throw error;
      }
    } catch (error) {
      throw (failure = asDomainError(error));
    } finally {
      client?.release(broken);
      span?.end(failure);
      const toTell = unit?.toTell ?? [];
      this.#units.exit(() => toTell.forEach((then) => this.#tell(() => then(committed))));
    }
  }

  /** What is stored is stored, whatever those say who are told of it. */
  #tell(then: () => void): void {
    try {
      then();
    } catch (error) {
      this.#logger.error({ msg: 'Failed at the end of a unit of work', err: error });
    }
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

const UNIT = { name: 'unit of work', attributes: { 'db.system.name': 'postgresql' } } as const;

interface Pool {
  connect(): Promise<Connected>;
}

/** To be given back; with an error it is not to be used again. */
type Connected = Client & { release(broken?: Error): void };
