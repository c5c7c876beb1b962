import { DomainError } from '@app/kernel';
import { asDomainError } from './database-errors.js';
import { BEGIN, type Client, COMMIT, type Prepared, ROLLBACK, type Rows, runOn, type Statement } from './statement.js';

/** A statement that goes with the next one, and whoever waits for its rows. */
interface Owed {
  readonly statement: Prepared;
  readonly resolve: (rows: unknown[]) => void;
  readonly reject: (error: unknown) => void;
}

/** How many statements wait for another one at most. */
const MOST_OWED = 8;

/** One transaction on one connection, from its start to its end. */
export class UnitOfWork {
  #state: 'open' | 'committed' | 'rolled-back' = 'open';
  /** PostgreSQL answers the COMMIT of a failed transaction with a silent rollback, so the failure is kept here. */
  #failure: { error: unknown } | null = null;
  #last: Promise<unknown> = Promise.resolve();
  readonly #atEnd: ((committed: boolean) => void)[] = [];
  /** Before the first statement the server knows nothing of the unit. */
  #begun = false;
  #owed: Owed[] = [];

  constructor(private readonly client: Client) {}

  /**
   * Whether it takes statements. Work that outlives the unit it was started in goes on outside of it after a commit.
   *
   * @throws DomainError `platform.unit-of-work-over` after a rollback: what was to be one whole must not be half stored
   */
  get isOpen(): boolean {
    if (this.#state === 'rolled-back') {
      throw over();
    }
    return this.#state === 'open';
  }

  /** Statements of one unit take turns: a connection does one thing at a time. */
  query(statement: Statement): Promise<Rows> {
    const owed = this.#takeOwed();
    const turn = () => this.#run(statement, owed);
    const result = this.#last.then(turn, turn);
    this.#last = result;
    return result.catch((error: unknown) => {
      this.#failure ??= { error };
      throw error;
    });
  }

  /** Runs it in one message with the unit's next statement, or with its commit when that is the next. */
  queryWithNext(statement: Prepared): Promise<unknown[]> {
    // A read model that is made anew has no other statement for a long time.
    if (this.#owed.length === MOST_OWED) {
      const answer = this.query(statement).then(({ rows }) => rows);
      answer.catch(() => undefined);
      return answer;
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown[]>();
    // Its failure is the unit's, which tells it.
    promise.catch(() => undefined);
    this.#owed.push({ statement, resolve, reject });
    return promise;
  }

  /** A nested unit: it fails, the whole fails, even where somebody catches the error. */
  async join<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  atEnd(then: (committed: boolean) => void): void {
    this.#atEnd.push(then);
  }

  /** Those to be told, in order. */
  get toTell(): readonly ((committed: boolean) => void)[] {
    return this.#atEnd;
  }

  async commit(): Promise<void> {
    await this.#last.catch(() => undefined);
    if (this.#failure) throw this.#failure.error;
    this.#state = 'committed';
    try {
      const owed = this.#takeOwed();
      if (this.#begun || owed.length > 0) await this.#run(COMMIT, owed);
    } catch (error) {
      this.#state = 'rolled-back';
      throw asDomainError(error);
    }
  }

  async rollback(): Promise<void> {
    this.#state = 'rolled-back';
    await this.#last.catch(() => undefined);
    for (const { reject } of this.#takeOwed()) reject(over());
    if (this.#begun) await runOn(this.client, ROLLBACK);
  }

  /** BEGIN goes with the first statement: were it to fail, the server would not do what follows it in the message. */
  async #run(statement: Statement, owed: readonly Owed[]): Promise<Rows> {
    const begin = this.#begun ? [] : [BEGIN];
    this.#begun = true;
    const before = [...begin, ...owed.map((one) => one.statement)];
    try {
      const answers = await runOn(this.client, statement, before);
      if (statement === COMMIT) this.#begun = false;
      owed.forEach(({ resolve }, at) => resolve(answers[begin.length + at]!.rows));
      return answers.at(-1)!;
    } catch (error) {
      for (const { reject } of owed) reject(error);
      throw error;
    }
  }

  /** Taken when the statement they go with is asked for, so that all run in the order in which they were asked for. */
  #takeOwed(): Owed[] {
    const owed = this.#owed;
    this.#owed = [];
    return owed;
  }
}

const over = () =>
  new DomainError('internal', 'platform.unit-of-work-over', 'The unit of work was rolled back meanwhile.');
