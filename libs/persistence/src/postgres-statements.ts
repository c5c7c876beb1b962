import pg from 'pg';
import { type Column, columnOf, prepareValue, rowOf } from './columns.js';
import type { Prepared, Rows, Statements } from './statement.js';

/** What is used of pg's connection, which its types do not name. pg-cursor and others use the same. */
interface Connection {
  readonly stream: { cork(): void; uncork(): void };
  bind(bound: { statement: string; values: readonly unknown[] }): void;
  execute(portal: object): void;
  sync(): void;
}

/**
 * Prepared statements of one connection to a server, several in one message: the server answers all of them at once, and
 * after one that fails it does nothing until the end of the message. So what follows a BEGIN that failed is not done
 * outside of a transaction. A statement's first run is pg's own way, which prepares it; from then on its columns are known
 * and need not be described anew.
 *
 * For whoever has the connection to himself, like pg's `query`.
 */
export class PostgresStatements implements Statements {
  readonly #known = new Map<string, readonly Column[]>();

  constructor(private readonly client: pg.Client) {}

  async runAll(statements: readonly Prepared[]): Promise<Rows[]> {
    if (statements.every(({ name }) => this.#known.has(name))) return this.#exchange(statements);
    const answers: Rows[] = [];
    for (const one of statements) {
      answers.push(this.#known.has(one.name) ? (await this.#exchange([one]))[0]! : await this.#prepare(one));
    }
    return answers;
  }

  async #prepare({ name, text, values }: Prepared): Promise<Rows> {
    const { rows, fields } = await this.client.query({ name, text, values });
    this.#known.set(name, fields.map(columnOf));
    return { rows: rows as unknown[] };
  }

  #exchange(statements: readonly Prepared[]): Promise<Rows[]> {
    return new Promise((resolve, reject) => {
      const bound = statements.map(({ name, values }) => ({ statement: name, values: values.map(prepareValue) }));
      const columns = statements.map(({ name }) => this.#known.get(name) ?? []);
      this.client.query(new Exchange(bound, columns, resolve, reject) as unknown as pg.Submittable);
    });
  }
}

/** One message and its answers, as pg hands them out to what it calls a query. */
class Exchange {
  readonly #answers: { rows: unknown[] }[];
  #at = 0;
  #failure: unknown;

  constructor(
    private readonly bound: readonly { statement: string; values: readonly unknown[] }[],
    private readonly columns: readonly (readonly Column[])[],
    private readonly resolve: (answers: Rows[]) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.#answers = bound.map(() => ({ rows: [] }));
  }

  submit(connection: Connection): void {
    connection.stream.cork();
    for (const one of this.bound) {
      connection.bind(one);
      connection.execute({});
    }
    connection.sync();
    connection.stream.uncork();
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    try {
      this.#answers[this.#at]!.rows.push(rowOf(this.columns[this.#at]!, fields));
    } catch (error) {
      this.#failure ??= error;
    }
  }

  handleCommandComplete(): void {
    this.#at++;
  }

  handleEmptyQuery(): void {
    this.#at++;
  }

  handleError(error: unknown): void {
    this.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#failure) this.reject(this.#failure);
    else this.resolve(this.#answers);
  }
}
