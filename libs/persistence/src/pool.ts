import type { EventEmitter } from 'node:events';
import { embeddedFolderOf } from '@app/embedded';
import pg from 'pg';
import { openPglite } from './pglite.js';
import { PostgresStatements } from './postgres-statements.js';

export interface OpenDatabase {
  pool: pg.Pool;
  close(): Promise<void>;
}

/** @param url pglite://<folder> or postgres://… */
export async function openPool(url: string): Promise<OpenDatabase> {
  const folder = embeddedFolderOf(url);
  if (folder !== null) {
    const pglite = await openPglite(folder);
    const pool = new pg.Pool(pglite.poolOptions);
    outliveLostConnections(pool);
    const close = async () => {
      try {
        await pool.end();
      } finally {
        await pglite.close();
      }
    };
    return { pool, close };
  }
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'parley',
    Client: ServerClient,
    max: 10,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  outliveLostConnections(pool);
  // A server that is not there is to be told of now.
  (await pool.connect()).release();
  return { pool, close: () => pool.end() };
}

/** pg's own, with a shorter way for prepared statements. */
class ServerClient extends pg.Client {
  readonly statements = new PostgresStatements(this);
}

/**
 * A connection that breaks says so by an event, too, and an event `error` that nobody hears ends the process. The pool hears
 * it from those that lie idle; of one in use the statement that fails, now or as the next one, tells whoever uses it.
 */
function outliveLostConnections(pool: pg.Pool): void {
  const heard = new WeakSet<EventEmitter>();
  // Its next use makes another one, or says why it cannot.
  pool.on('error', () => undefined);
  pool.on('acquire', (client: EventEmitter) => {
    if (heard.has(client)) return;
    heard.add(client);
    client.on('error', () => undefined);
  });
}
