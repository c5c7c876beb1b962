import pg from 'pg';

type ReadField = (text: string) => unknown;

/** A column of an answer: what its text becomes is pg's own doing, as what a value becomes on its way there. */
export interface Column {
  readonly name: string;
  readonly read: ReadField;
}

const { utils } = pg as unknown as { utils: { prepareValue(value: unknown): string | Buffer | null } };
export const prepareValue = (value: unknown) => utils.prepareValue(value);

export const columnOf = ({ name, dataTypeID }: { name: string; dataTypeID: number }): Column => ({
  name,
  read: pg.types.getTypeParser(dataTypeID, 'text') as ReadField,
});

export function rowOf(columns: readonly Column[], fields: readonly (string | Uint8Array | null)[]): object {
  const row: Record<string, unknown> = {};
  for (let at = 0; at < columns.length; at++) {
    const { name, read } = columns[at]!;
    const text = fields[at];
    row[name] = text === null ? null : read(text as string);
  }
  return row;
}
