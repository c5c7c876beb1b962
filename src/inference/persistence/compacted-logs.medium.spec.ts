import { newId } from '@app/kernel';
import { type TestDatabase, testDatabase, testDatabaseKinds } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CompactedLogs } from './compacted-logs.js';

describe.each(testDatabaseKinds)('compacted logs on %s', (kind) => {
  let test: TestDatabase;
  let logs: CompactedLogs;
  const id = newId();
  beforeEach(async () => {
    test = await testDatabase(kind);
    logs = new CompactedLogs(test.db);
    await test.db.query(
      `INSERT INTO inference.generations (id, status, last_sequence, finished_at) VALUES ($1, 'complete', 6, now())`,
      [id],
    );
    const entries = ['token:lost', 'restart:model-changed', 'token:a😀', 'token:', 'token:bc', 'token:d'];
    for (const [index, entry] of entries.entries()) {
      const [entryKind, text] = entry.split(':');
      await test.db.query(`INSERT INTO inference.generation_chunks VALUES ($1, $2, $3, $4, '[]')`, [
        id,
        index + 1,
        entryKind,
        text,
      ]);
    }
  });
  afterEach(() => test?.dispose());

  const read = async (after: number, through = 99) =>
    (await logs.read(id, after, through)).map(
      ({ sequence, kind: entryKind, text }) => `${sequence} ${entryKind} ${text}`,
    );

  it('hold the text since the last restart, and give each reader what it lacks', async () => {
    expect(await read(0)).toEqual([]);
    expect(await logs.compact(0)).toBe(1);
    expect(await logs.compact(0)).toBe(0);
    expect(await read(0)).toEqual(['2 restart model-changed', '6 token a😀bcd']);
    expect(await read(1)).toEqual(['2 restart model-changed', '6 token a😀bcd']);
    expect(await read(2)).toEqual(['6 token a😀bcd']);
    expect(await read(3)).toEqual(['6 token bcd']);
    expect(await read(4, 5)).toEqual(['5 token bc']);
    expect(await read(5)).toEqual(['6 token d']);
    expect(await read(6)).toEqual([]);
    expect(await read(0, 2)).toEqual(['2 restart model-changed']);
  });
});
