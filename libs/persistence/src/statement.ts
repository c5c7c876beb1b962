export interface Statement {
  /** Under which it is prepared. */
  name?: string;
  text: string;
  values?: unknown[];
}

export type Prepared = Required<Statement>;
export interface Rows {
  readonly rows: unknown[];
}

/** The short way of a prepared statement. */
export interface Statements {
  /** Runs them in order; after one that fails none is run. */
  runAll(statements: readonly Prepared[]): Promise<Rows[]>;
}

/** The part of pg's Client that is used here, and the short way beside it. */
export interface Client {
  query(statement: Statement): Promise<Rows>;
  readonly statements: Statements;
}

export const BEGIN: Prepared = { name: 'begin', text: 'BEGIN', values: [] };
export const COMMIT: Prepared = { name: 'commit', text: 'COMMIT', values: [] };
export const ROLLBACK: Prepared = { name: 'rollback', text: 'ROLLBACK', values: [] };

const isPrepared = (statement: Statement): statement is Prepared => Boolean(statement.name && statement.values);

/**
 * Runs one statement, and before it those that are to go with it; whoever calls has the client to himself. Answers for all
 * of them, the statement's is the last one.
 */
export async function runOn(
  client: Client,
  statement: Statement,
  before: readonly Prepared[] = [],
): Promise<readonly Rows[]> {
  if (isPrepared(statement)) return client.statements.runAll([...before, statement]);
  const answers = before.length > 0 ? await client.statements.runAll(before) : [];
  const { text, values } = statement;
  return [...answers, await client.query({ text, values })];
}
