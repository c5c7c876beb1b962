import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, initFolder, migrate } from '@app/persistence';
import pg from 'pg';

export interface TestDatabase {
  db: Database;
  /** For a second connection, or to open it again. */
  url: string;
  dispose(): Promise<void>;
}

/** An empty embedded database, copied from a template that is made once a machine. */
export async function freshFolder(folder: string): Promise<void> {
  const require = createRequire(import.meta.url);
  const manifest = join(require.resolve('@electric-sql/pglite'), '../../package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const template = join(tmpdir(), `parley-template-${version}-${process.getuid?.() ?? 0}`);
  if (!existsSync(template)) {
    const own = `${template}-${process.pid}-${randomBytes(4).toString('hex')}`;
    await initFolder(own);
    try {
      // At once, so that nobody copies half of it.
      renameSync(own, template);
    } catch (error) {
      rmSync(own, { recursive: true, force: true });
      // Somebody else was first; theirs is as good.
      if (!existsSync(template)) throw error;
    }
  }
  cpSync(template, folder, { recursive: true });
}

/**
 * A fresh, migrated database: PGlite, or when TEST_POSTGRES_URL is set and `kind` says so a new database of that server.
 */
export async function testDatabase(kind: 'pglite' | 'postgres' = 'pglite'): Promise<TestDatabase> {
  return kind === 'postgres' ? onPostgres(process.env['TEST_POSTGRES_URL'] ?? '') : onPglite();
}

/** The databases that a suite can run on here. */
export const testDatabaseKinds: ('pglite' | 'postgres')[] = process.env['TEST_POSTGRES_URL']
  ? ['pglite', 'postgres']
  : ['pglite'];

async function onPglite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-db-'));
  const url = `pglite://${folder}/db`;
  await freshFolder(`${folder}/db`);
  const db = await Database.connect(url);
  await migrate(db);
  return {
    db,
    url,
    async dispose() {
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function onPostgres(server: string): Promise<TestDatabase> {
  const name = `parley_${randomBytes(6).toString('hex')}`;
  const administrate = async (sql: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await administrate(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const db = await Database.connect(url.href);
  await migrate(db);
  return {
    db,
    url: url.href,
    async dispose() {
      await db.close();
      await administrate(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}
