import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import type { MigrationInterface } from 'typeorm';
import { moduleExtension, productPath } from '@app/config';
import type { Database } from './database.js';

const folder = productPath('migrations');
/** Any number, as long as all instances that start at once use the same. */
const LOCK = 7_275_390;

type MigrationClass = new () => MigrationInterface;

/** Files of all migrations of all modules: `migrations/<module>/<ms>-<verb-noun>.ts`. */
async function migrationFiles(): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  return files.filter((file) => extname(file) === moduleExtension && !file.includes('.spec.'));
}

/** The class in such a file: `1790000000000-create-events` has CreateEvents1790000000000. */
function nameOf(file: string): string {
  const [ms = '', ...words] = basename(file, moduleExtension).split('-');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('') + ms;
}

async function load(file: string): Promise<MigrationInterface> {
  const module = (await import(pathToFileURL(join(folder, file)).href)) as Record<string, unknown>;
  const Migration = module[nameOf(file)];
  if (typeof Migration !== 'function') throw new Error(`${file} has no class ${nameOf(file)}`);
  return new (Migration as MigrationClass)();
}

/** TypeORM's own look takes long, above all on the embedded database, and mostly finds nothing to do. */
async function upToDate(db: Database, files: string[]): Promise<boolean> {
  const rows = await db.query<{ name: string }>(`SELECT name FROM platform.migrations`, []).catch((error: unknown) => {
    if (isUndefinedTable(error)) return [];
    throw error;
  });
  const ran = new Set(rows.map(({ name }) => name));
  return files.every((file) => ran.has(nameOf(file)));
}

const isUndefinedTable = (error: unknown) => error instanceof Error && 'code' in error && error.code === '42P01';

/** What TypeORM takes for a new pool is the database's own. */
const sharing = (pool: pg.Pool) =>
  function Pool() {
    return pool;
  };

/** Brings the database up to date; instances that start at once take turns. Resolves to the names of what ran. */
export async function migrate(db: Database): Promise<string[]> {
  const files = await migrationFiles();
  if (await upToDate(db, files)) return [];
  // Loading it takes a good part of a start, and mostly nothing is missing.
  const { DataSource, MigrationExecutor } = await import('typeorm');
  const dataSource = new DataSource({
    type: 'postgres',
    driver: Object.create(pg, { Pool: { value: sharing(db.pool) } }),
    schema: 'platform',
    installExtensions: false,
  });
  await dataSource.initialize();
  Object.assign(dataSource, { migrations: await Promise.all(files.map(load)) });
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query(`SELECT pg_advisory_lock(${LOCK})`);
    await runner.query(`CREATE SCHEMA IF NOT EXISTS platform`);
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'each';
    const ran = await executor.executePendingMigrations();
    return ran.map((migration) => migration.name);
  } finally {
    await runner.query(`SELECT pg_advisory_unlock(${LOCK})`).catch(() => undefined);
    await runner.release();
  }
}
