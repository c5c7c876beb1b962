import { messages, protocol } from '@electric-sql/pglite';
import { type Column, columnOf, prepareValue, rowOf } from './columns.js';
import type { Prepared, Rows, Statements } from './statement.js';

type Exchange = (batch: Uint8Array) => Promise<readonly messages.BackendMessage[]>;
const { serialize } = protocol;
const EXECUTE = serialize.execute({});
const SYNC = serialize.sync();

/**
 * Prepared statements of one connection to the embedded database, without pg's way of a statement: that is made for a
 * socket (a message at a time, an event for each answer, the columns described anew at each run), and takes longer than
 * most of our statements themselves. What a value becomes, there and back, is pg's own doing here too.
 *
 * For whoever has the connection to himself, like pg's `query`.
 */
export class PgliteStatements implements Statements {
  readonly #prepared = new Map<string, readonly Column[]>();
  /** A first run failed: whether they were prepared before that, nobody has said. */
  readonly #doubtful = new Set<string>();

  constructor(private readonly exchange: Exchange) {}

  async runAll(statements: readonly Prepared[]): Promise<Rows[]> {
    const fresh = new Set<string>();
    const parts = statements.flatMap(({ name, text, values }) => {
      const known = this.#prepared.has(name) || fresh.has(name);
      const preparation = known ? [] : this.#preparation(name, text);
      fresh.add(name);
      return [...preparation, serialize.bind({ statement: name, values: values.map(prepareValue) }), EXECUTE];
    });
    return this.#read(statements, await this.exchange(Buffer.concat([...parts, SYNC])));
  }

  /** Each statement's answer ends with its completion; after an error there are no others. */
  #read(statements: readonly Prepared[], answer: readonly messages.BackendMessage[]): Rows[] {
    const answers: Rows[] = statements.map(() => ({ rows: [] }));
    let at = 0;
    let columns: readonly Column[] | undefined;
    for (const message of answer) {
      const name = statements[at]?.name ?? '';
      if (message instanceof messages.DataRowMessage) {
        answers[at]!.rows.push(rowOf(columns ?? this.#prepared.get(name) ?? [], message.fields));
      } else if (message instanceof messages.RowDescriptionMessage) {
        columns = message.fields.map(columnOf);
      } else if (message instanceof Error) {
        for (const rest of statements.slice(at)) if (!this.#prepared.has(rest.name)) this.#doubtful.add(rest.name);
        throw message;
      } else if (message.name === 'commandComplete' || message.name === 'emptyQuery') {
        if (!this.#prepared.has(name)) this.#prepared.set(name, columns ?? []);
        columns = undefined;
        at++;
      }
    }
    return answers;
  }

  #preparation(name: string, text: string): Uint8Array[] {
    const preparation = [serialize.parse({ name, text }), serialize.describe({ type: 'S', name })];
    // Two under one name are refused; to close what is not there does nothing.
    return this.#doubtful.delete(name) ? [serialize.close({ type: 'S', name }), ...preparation] : preparation;
  }
}
