import { DomainError } from '@app/kernel';
import { asDomainError } from './database-errors.js';
import { type Client, runControl, runOn, type Statement } from './statement.js';

/** One transaction on one connection, from its start to its end. */
export class UnitOfWork {
  #state: 'open' | 'committed' | 'rolled-back' = 'open';
  /** PostgreSQL answers the COMMIT of a failed transaction with a silent rollback, so the failure is kept here. */
  #failure: { error: unknown } | null = null;
  #last: Promise<unknown> = Promise.resolve();
  readonly #atEnd: ((committed: boolean) => void)[] = [];

  private constructor(private readonly client: Client) {}

  static async begin(client: Client): Promise<UnitOfWork> {
    await runControl(client, 'BEGIN');
    return new UnitOfWork(client);
  }

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
  query(statement: Statement): Promise<{ rows: unknown[] }> {
    const turn = () => runOn(this.client, statement);
    const result = this.#last.then(turn, turn);
    this.#last = result;
    return result.catch((error: unknown) => {
      this.#failure ??= { error };
      throw error;
    });
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
      await runControl(this.client, 'COMMIT');
    } catch (error) {
      this.#state = 'rolled-back';
      throw asDomainError(error);
    }
  }

  async rollback(): Promise<void> {
    this.#state = 'rolled-back';
    await this.#last.catch(() => undefined);
    await runControl(this.client, 'ROLLBACK');
  }
}
