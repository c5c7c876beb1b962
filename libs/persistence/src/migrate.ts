import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MigrationExecutor, type MigrationInterface } from 'typeorm';
import type { Database } from './database.js';

// The same place seen from the sources and from the build: <root>/migrations beside <root>/libs.
const folder = fileURLToPath(new URL('../../../migrations/', import.meta.url));
/** Any number, as long as all instances that start at once use the same. */
const LOCK = 7_275_390;

type MigrationClass = new () => MigrationInterface;

/** Every migration of every module: `migrations/<module>/<ms>-<verb-noun>.ts`. */
async function migrationClasses(): Promise<MigrationClass[]> {
  const files = await readdir(folder, { recursive: true });
  const own = extname(import.meta.url);
  const modules = await Promise.all(
    files
      .filter((file) => extname(file) === own && !file.includes('.spec.'))
      .map((file) => import(pathToFileURL(folder + file).href) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) =>
    Object.values(module).filter((value) => typeof value === 'function'),
  ) as MigrationClass[];
}

/** TypeORM's own look takes long, above all on the embedded database, and mostly finds nothing to do. */
async function upToDate(db: Database, classes: MigrationClass[]): Promise<boolean> {
  const [table] = await db.query<{ there: boolean }>(`SELECT to_regclass('platform.migrations') IS NOT NULL AS there`);
  if (!table?.there) return false;
  const rows = await db.query<{ name: string }>(`SELECT name FROM platform.migrations`);
  const ran = new Set(rows.map(({ name }) => name));
  return classes.every((Migration) => ran.has(new Migration().name ?? Migration.name));
}

/** Brings the database up to date; instances that start at once take turns. Resolves to the names of what ran. */
export async function migrate(db: Database): Promise<string[]> {
  const classes = await migrationClasses();
  if (await upToDate(db, classes)) return [];
  const { dataSource } = db;
  Object.assign(dataSource, { migrations: classes.map((Migration) => new Migration()) });
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
