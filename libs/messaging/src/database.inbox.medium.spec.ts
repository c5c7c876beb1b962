import { newId } from '@app/kernel';
import { testDatabase, testDatabaseKinds } from '@app/testing';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { DatabaseInbox } from './database.inbox.js';
import { HandlerInvoker } from './handler-invoker.js';
import type { RegisteredReaction } from './handler-registry.js';
import { Housekeeping } from './housekeeping.js';
import { inboxContract } from './inbox.contract.js';
import { event } from './message.js';
import { envelopeOf } from './transport-helpers.contract.js';

class Happened extends event('t.happened.v1', z.object({})) {}

for (const kind of testDatabaseKinds) {
  inboxContract(kind, async () => {
    const { db, dispose } = await testDatabase(kind);
    return { inbox: new DatabaseInbox(db), unit: (work) => db.transaction(work), close: dispose };
  });

  it(`has one effect on ${kind} of a message that comes twice as if for the first time`, async () => {
    const { db, dispose } = await testDatabase(kind);
    await db.query('CREATE TABLE effects (n int)');
    const invoker = new HandlerInvoker(db, new DatabaseInbox(db));
    const told: string[] = [];
    const reaction = (queue: string, effect: () => Promise<unknown>): RegisteredReaction => ({
      options: { queue, messages: [Happened] },
      transaction: true,
      name: queue,
      concurrency: () => 1,
      async handle() {
        db.afterCommit(() => told.push(queue));
        await effect();
      },
    });
    const reactions = [
      reaction('with-an-effect', () => db.query('INSERT INTO effects VALUES ($1)', [1])),
      reaction('with-an-effect-hidden', () => db.query('INSERT INTO effects VALUES ($1)', [2]).catch(() => 'hidden')),
      reaction('with-none', async () => undefined),
    ];
    const envelope = envelopeOf(Happened.type, {});
    const { signal } = new AbortController();
    for (const attempt of [1, 1, 2])
      for (const one of reactions) {
        const { queue } = one.options;
        await invoker.react(one, { queue, envelope, attempt, last: false, signal });
      }
    expect(told).toEqual(['with-an-effect', 'with-an-effect-hidden', 'with-none']);
    expect(await db.query('SELECT n FROM effects ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
    await dispose();
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
