import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshFolder } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginOpening, takeOpening } from './open-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'parley-opening-'));
const database = join(folder, 'db');

beforeAll(() => freshFolder(database));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a folder whose opening was begun', () => {
  it('is locked and opened once, by whoever takes it first', async () => {
    await beginOpening(database);
    const { unlock, db: opening } = takeOpening(database);
    const free = await unlock;
    expect(existsSync(`${database}.lock`)).toBe(true);
    const db = await opening!;
    expect((await db.query('SELECT 42 AS n')).rows).toEqual([{ n: 42 }]);
    const second = takeOpening(database);
    await expect(second.unlock).rejects.toMatchObject({ code: 'platform.database-in-use' });
    await db.close();
    free();
  });

  it('tells who takes it that another process has it, and nobody else', async () => {
    const { unlock } = takeOpening(database);
    const free = await unlock;
    await beginOpening(database);
    await expect(takeOpening(database).unlock).rejects.toMatchObject({ code: 'platform.database-in-use' });
    free();
  });

  it('is not opened when there is no database in it yet', async () => {
    const empty = join(folder, 'empty');
    await beginOpening(empty);
    const opening = takeOpening(empty);
    expect(opening.db).toBeNull();
    (await opening.unlock)();
  });
});
