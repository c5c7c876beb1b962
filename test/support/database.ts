import { loadConfig } from '@app/config';
import { Database } from '@app/persistence';
import { backboneOf, split } from './topology.js';

/** Does with the database of a data folder what only its owner can do, while no process of the product runs. */
export async function meddle<T>(dataDir: string, work: (db: Database) => Promise<T>): Promise<T> {
  const env = { DATA_DIR: dataDir, ...(split && (await backboneOf(dataDir)).env) };
  const db = await Database.connect(loadConfig(env).database.url);
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
