import { DataSource, type EntitySchema } from 'typeorm';
import { openPglite } from './pglite.js';

export interface OpenDatabase {
  dataSource: DataSource;
  close(): Promise<void>;
}

/** @param url pglite://<folder> or postgres://… */
export async function openDataSource(url: string, entities: EntitySchema[] = []): Promise<OpenDatabase> {
  const common = { type: 'postgres', schema: 'platform', entities, installExtensions: false } as const;
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
    extra: { max: 10, connectionTimeoutMillis: 10_000, keepAlive: true },
  });
  await dataSource.initialize();
  return { dataSource, close: () => dataSource.destroy() };
}
