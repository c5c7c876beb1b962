import { newId } from '@app/kernel';
import { testDatabase, testDatabaseKinds } from '@app/testing';
import { expect, it } from 'vitest';
import { DatabaseInbox } from './database.inbox.js';
import { Housekeeping } from './housekeeping.js';
import { inboxContract } from './inbox.contract.js';

for (const kind of testDatabaseKinds) {
  inboxContract(kind, async () => {
    const { db, dispose } = await testDatabase(kind);
    return { inbox: new DatabaseInbox(db), close: dispose };
  });

  it(`forgets on ${kind} what was handled more than a week ago, and nothing newer`, async () => {
    const { db, dispose } = await testDatabase(kind);
    const inbox = new DatabaseInbox(db);
    const [old, recent] = [newId(), newId()];
    for (const id of [old, recent]) await inbox.record('q', id);
    await db.query(`UPDATE platform.inbox SET handled_at = now() - interval '8 days' WHERE message_id = $1`, [old]);
    await new Housekeeping(db).tidy();
    expect(await inbox.has('q', old)).toBe(false);
    expect(await inbox.has('q', recent)).toBe(true);
    await dispose();
  });
}
