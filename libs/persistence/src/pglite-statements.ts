import { messages, protocol } from '@electric-sql/pglite';
import pg from 'pg';
import type { Statement } from './statement.js';

type Exchange = (batch: Uint8Array) => Promise<readonly messages.BackendMessage[]>;
type ReadField = (text: string) => unknown;

interface Column {
  readonly name: string;
  readonly read: ReadField;
}

const { serialize } = protocol;
const EXECUTE_AND_SYNC = Buffer.concat([serialize.execute({}), serialize.sync()]);

/**
 * Prepared statements of one connection to the embedded database, without pg's way of a statement: that is made for a
 * socket (a message at a time, an event for each answer, the columns described anew at each run), and takes longer than
 * most of our statements themselves. What a value becomes, there and back, is pg's own doing here too.
 *
 * For whoever has the connection to himself, like pg's `query`.
 */
export class PgliteStatements {
  readonly #prepared = new Map<string, readonly Column[]>();
  /** A first run failed: whether they were prepared before that, nobody has said. */
  readonly #doubtful = new Set<string>();

  constructor(private readonly exchange: Exchange) {}

  async run({ name, text, values }: Required<Statement>): Promise<{ rows: unknown[] }> {
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

const { utils } = pg as unknown as { utils: { prepareValue(value: unknown): string | Buffer | null } };
const prepareValue = (value: unknown) => utils.prepareValue(value);

const columnOf = ({ name, dataTypeID }: { name: string; dataTypeID: number }): Column => ({
  name,
  read: pg.types.getTypeParser(dataTypeID, 'text') as ReadField,
});

function rowOf(columns: readonly Column[], fields: readonly (string | Uint8Array | null)[]): object {
  const row: Record<string, unknown> = {};
  for (let at = 0; at < columns.length; at++) {
    const { name, read } = columns[at]!;
    const text = fields[at];
    row[name] = text === null ? null : read(text as string);
  }
  return row;
}
