import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ConfigModule, loadConfig } from '@app/config';
import { testDatabase, testDatabaseKinds } from '@app/testing';
import { describe, expect, it } from 'vitest';
import { Database } from './database.js';
import { migrate } from './migrate.js';
import { PersistenceModule } from './persistence.module.js';

const lastWords: unknown[] = [];

@Injectable()
class LastWords implements OnApplicationShutdown {
  constructor(private readonly db: Database) {}

  async onApplicationShutdown(): Promise<void> {
    lastWords.push(...(await this.db.query(`SELECT 1 AS stored`)));
  }
}

@Module({ providers: [LastWords] })
class FeatureModule {}

describe.each(testDatabaseKinds)('persistence on %s', (kind) => {
  it('closes the database after everybody else has stored their last', async () => {
    const test = await testDatabase(kind);
    await test.db.close();
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(loadConfig({ DATABASE_URL: test.url })),
        PersistenceModule.forRoot(),
        FeatureModule,
      ],
    }).compile();
    await module.init();
    const db = module.get(Database);
    await module.close();
    expect(lastWords.splice(0)).toEqual([{ stored: 1 }]);
    await expect(db.ping()).rejects.toThrow();
    await test.dispose();
  });

  it('runs each migration once, however many begin at once', async () => {
    const test = await testDatabase(kind);
    const schemas = await test.db.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$|public$)'`,
    );
    for (const { name } of schemas) await test.db.query(`DROP SCHEMA "${name}" CASCADE`);
    const other = kind === 'postgres' ? await Database.connect(test.url) : test.db;
    const ran = await Promise.all([migrate(test.db), migrate(other)]);
    expect(ran.flat().length).toBeGreaterThan(0);
    expect(ran.map((names) => names.length)).toContain(0);
    expect(new Set(ran.flat()).size).toBe(ran.flat().length);
    await other.close();
    await test.dispose();
  });
});

describe('a database that cannot be reached', () => {
  it('is told as such', async () => {
    // Port 1 of this machine refuses.
    await expect(Database.connect('postgres://user:secret@127.0.0.1:1/parley')).rejects.toMatchObject({
      code: 'platform.database-unreachable',
      message: expect.not.stringContaining('secret'),
    });
  });
});
