import type { EventEmitter } from 'node:events';
import pg from 'pg';
import { DataSource, type EntitySchema } from 'typeorm';
import { openPglite } from './pglite.js';
import { PostgresStatements } from './postgres-statements.js';

export interface OpenDatabase {
  dataSource: DataSource;
  close(): Promise<void>;
}

/** @param url pglite://<folder> or postgres://… */
export async function openDataSource(url: string, entities: EntitySchema[] = []): Promise<OpenDatabase> {
  // The driver is handed over: TypeORM would look for it in node_modules, outside the bundle.
  const common = { type: 'postgres', driver: pg, schema: 'platform', entities, installExtensions: false } as const;
  if (url.startsWith('pglite://')) {
    const pglite = await openPglite(url.slice('pglite://'.length));
    const dataSource = new DataSource({ ...common, extra: pglite.poolOptions });
    try {
      await dataSource.initialize();
    } catch (error) {
      await pglite.close();
      throw error;
    }
    const close = async () => {
      try {
        await dataSource.destroy();
      } finally {
        await pglite.close();
      }
    };
    return { dataSource, close };
  }
  const dataSource = new DataSource({
    ...common,
    url,
    applicationName: 'parley',
    extra: { Client: ServerClient, max: 10, connectionTimeoutMillis: 10_000, keepAlive: true },
  });
  await dataSource.initialize();
  outliveLostConnections((dataSource.driver as unknown as { master: EventEmitter }).master);
  return { dataSource, close: () => dataSource.destroy() };
}

/** pg's own, with a shorter way for prepared statements. */
class ServerClient extends pg.Client {
  readonly statements = new PostgresStatements(this);
}

/**
 * A connection that breaks says so by an event, too, and an event `error` that nobody hears ends the process. The pool hears
 * it from those that lie idle; of one in use the statement that fails, now or as the next one, tells whoever uses it.
 */
function outliveLostConnections(pool: EventEmitter): void {
  const heard = new WeakSet<EventEmitter>();
  pool.on('acquire', (client: EventEmitter) => {
    if (heard.has(client)) return;
    heard.add(client);
    client.on('error', () => undefined);
  });
}
