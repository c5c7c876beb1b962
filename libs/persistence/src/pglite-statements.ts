import { messages, protocol } from '@electric-sql/pglite';
import { type Column, columnOf, prepareValue, rowOf } from './columns.js';
import type { Prepared, Rows, Statements } from './statement.js';

type Exchange = (batch: Uint8Array) => Promise<readonly messages.BackendMessage[]>;
const { serialize } = protocol;
const EXECUTE_AND_SYNC = Buffer.concat([serialize.execute({}), serialize.sync()]);

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
    const answers: Rows[] = [];
    for (const one of statements) answers.push(await this.#run(one));
    return answers;
  }

  async #run({ name, text, values }: Prepared): Promise<Rows> {
    const known = this.#prepared.get(name);
    const bind = serialize.bind({ statement: name, values: values.map(prepareValue) });
    const answer = await this.exchange(
      Buffer.concat(known ? [bind, EXECUTE_AND_SYNC] : [...this.#preparation(name, text), bind, EXECUTE_AND_SYNC]),
    );
    let columns = known ?? [];
    const rows: unknown[] = [];
    for (const message of answer) {
      if (message instanceof messages.DataRowMessage) {
        rows.push(rowOf(columns, message.fields));
      } else if (message instanceof messages.RowDescriptionMessage) {
        columns = message.fields.map(columnOf);
      } else if (message instanceof Error) {
        if (!known) this.#doubtful.add(name);
        throw message;
      }
    }
    if (!known) this.#prepared.set(name, columns);
    return { rows };
  }

  #preparation(name: string, text: string): Uint8Array[] {
    const preparation = [serialize.parse({ name, text }), serialize.describe({ type: 'S', name })];
    // Two under one name are refused; to close what is not there does nothing.
    return this.#doubtful.delete(name) ? [serialize.close({ type: 'S', name }), ...preparation] : preparation;
  }
}
