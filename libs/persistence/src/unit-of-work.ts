import { DomainError } from '@app/kernel';
import { asDomainError } from './database-errors.js';
import { BEGIN, type Client, COMMIT, type Prepared, ROLLBACK, type Rows, runOn, type Statement } from './statement.js';

/** A statement that goes with the next one; `heed` gets its rows, and fails the unit by throwing. */
interface Owed {
  statement: Prepared;
  heed: (rows: unknown[]) => void;
}

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
      throw new DomainError('internal', 'platform.unit-of-work-over', 'The unit of work was rolled back meanwhile.');
    }
    return this.#state === 'open';
  }

  /** Statements of one unit take turns: a connection does one thing at a time. */
  query(statement: Statement): Promise<Rows> {
    const turn = () => this.#run(statement);
    const result = this.#last.then(turn, turn);
    this.#last = result;
    return result.catch((error: unknown) => {
      this.#failure ??= { error };
      throw error;
    });
  }

  /** Runs it in one message with the unit's next statement, or with its commit when that is the next. */
  queryWithNext(statement: Prepared, heed: (rows: unknown[]) => void): void {
    this.#owed.push({ statement, heed });
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
      if (this.#begun || this.#owed.length > 0) await this.#run(COMMIT);
    } catch (error) {
      this.#state = 'rolled-back';
      throw asDomainError(error);
    }
  }

  async rollback(): Promise<void> {
    this.#state = 'rolled-back';
    await this.#last.catch(() => undefined);
    if (this.#begun) await runOn(this.client, ROLLBACK);
  }

  /** BEGIN goes with the first statement: were it to fail, the server would not do what follows it in the message. */
  async #run(statement: Statement): Promise<Rows> {
    const owed = this.#owed;
    this.#owed = [];
    const begin = this.#begun ? [] : [BEGIN];
    this.#begun = true;
    const before = [...begin, ...owed.map((one) => one.statement)];
    const answers = await runOn(this.client, statement, before);
    if (statement === COMMIT) this.#begun = false;
    owed.forEach(({ heed }, at) => heed(answers[begin.length + at]!.rows));
    return answers.at(-1)!;
  }
}
