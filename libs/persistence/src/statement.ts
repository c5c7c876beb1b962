export interface Statement {
  /** Under which it is prepared. */
  name?: string;
  text: string;
  values?: unknown[];
}

/** The part of pg's Client that is used here. */
export interface Client {
  query(statement: Statement): Promise<{ rows: unknown[] }>;
  /** The shorter way of the embedded database. */
  readonly statements?: { run(prepared: Required<Statement>): Promise<{ rows: unknown[] }> };
}

/**
 * BEGIN, COMMIT or ROLLBACK. There is nothing to plan about them, so on a server the simple protocol is the shorter way: one
 * message there and one back, instead of three and three.
 */
export function runControl(client: Client, text: 'BEGIN' | 'COMMIT' | 'ROLLBACK'): Promise<{ rows: unknown[] }> {
  return client.statements ? client.statements.run({ name: text, text, values: [] }) : client.query({ text });
}

/** Runs one statement; whoever calls has the client to himself. */
export function runOn(client: Client, { name, text, values }: Statement): Promise<{ rows: unknown[] }> {
  if (client.statements && name && values) return client.statements.run({ name, text, values });
  return client.query({ name, text, values });
}
