import { newId } from '@app/kernel';
import { type Database, EventStore } from '@app/persistence';
import { testDatabase, testDatabaseKinds } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Conversation } from '../domain/conversation.js';
import { EventSourcedConversations } from './event-sourced-conversations.js';

const owner = newId();

describe.each(testDatabaseKinds)('conversations from their events on %s', (kind) => {
  let db: Database;
  let dispose: () => Promise<void>;
  let events: EventStore;
  beforeAll(async () => {
    ({ db, dispose } = await testDatabase(kind));
    events = new EventStore(db);
  });
  afterAll(() => dispose?.());

  /** As one process of several on a shared database, or as the only one. */
  const conversationsOf = (isExclusive: boolean) =>
    new EventSourcedConversations(events, {
      isExclusive,
      afterCommit: (then: () => void) => db.afterCommit(then),
    } as Database);
  const change = (conversations: EventSourcedConversations, id: string, title: string) =>
    db.transaction(async () => {
      const conversation = (await conversations.find(id)).requireOwner(owner);
      conversation.rename(title);
      await conversations.save(conversation);
      return conversation.version;
    });
  const started = async (conversations: EventSourcedConversations) => {
    const id = newId();
    await db.transaction(() => conversations.save(Conversation.start(id, owner, 'First')));
    return id;
  };

  it('reads none again that it stored itself, where nobody else can write', async () => {
    const conversations = conversationsOf(true);
    const id = await started(conversations);
    const read = vi.spyOn(events, 'read');
    expect(await change(conversations, id, 'Second')).toBe(2);
    expect(await change(conversations, id, 'Third')).toBe(3);
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
    expect((await conversationsOf(true).find(id)).version).toBe(3);
  });

  it('sees what another process stored meanwhile', async () => {
    const [here, there] = [conversationsOf(false), conversationsOf(false)];
    const id = await started(here);
    expect(await change(there, id, 'Second')).toBe(2);
    expect(await change(here, id, 'Third')).toBe(3);
    expect(await change(there, id, 'Fourth')).toBe(4);
  });

  it('forgets a change that was rolled back', async () => {
    const conversations = conversationsOf(true);
    const id = await started(conversations);
    const failing = db.transaction(async () => {
      await change(conversations, id, 'Never');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await change(conversations, id, 'Second')).toBe(2);
  });

  it('gives no two takers the same one, and lets one of them win', async () => {
    const conversations = conversationsOf(true);
    const id = await started(conversations);
    const [first, second] = [await conversations.find(id), await conversations.find(id)];
    expect(first).not.toBe(second);
    first.rename('One');
    second.rename('Two');
    await conversations.save(first);
    await expect(conversations.save(second)).rejects.toMatchObject({ code: 'platform.stream-changed' });
    expect((await conversations.find(id)).version).toBe(2);
  });
});
