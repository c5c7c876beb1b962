import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigModule, loadConfig } from '@app/config';
import { newId } from '@app/kernel';
import { AfterStart, eventMetadata, MessageBus, MessagingModule, runAs } from '@app/messaging';
import { Database, PersistenceModule } from '@app/persistence';
import { freshFolder } from '@app/testing';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserDisabled, UserEnabled, UserSignedIn, UserSignedUp } from '../auth/contracts/index.js';
import { AnswerFinished, ConversationDeleted } from '../chat/contracts/index.js';
import { InstallFailed, ModelInstalled } from '../explore/contracts/index.js';
import {
  FollowNotifications,
  GetPreferences,
  ListNotifications,
  type NotificationChange,
  ReadAllNotifications,
  ReadNotification,
  SeeConversation,
  SetPreferences,
} from './contracts/index.js';
import { NotificationsModule } from './notifications.module.js';

let dataDir: string;
let module: TestingModule;
let bus: MessageBus;
let db: Database;

async function boot() {
  module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(loadConfig({ DATA_DIR: dataDir })),
      PersistenceModule.forRoot({ ambient: () => eventMetadata('test') }),
      MessagingModule.forRoot({ service: 'test' }),
      NotificationsModule,
    ],
  }).compile();
  await module.init();
  bus = module.get(MessageBus, { strict: false });
  db = module.get(Database, { strict: false });
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-notifications-'));
  await freshFolder(join(dataDir, 'db'));
  await boot();
});
afterEach(async () => {
  await module.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const ada = newId();
const as = <T>(userId: string, work: () => T) => runAs({ actor: { userId, role: 'admin' } }, work);
const list = (userId: string, page: { cursor?: string; limit?: number; unread?: boolean } = {}) =>
  as(userId, () => bus.query(new ListNotifications(page)));
const unread = (userId: string, count: number) =>
  vi.waitFor(async () => expect((await list(userId)).unreadCount).toBe(count), 10_000);

/** The reactions to an account run in queues of their own: wait until the administrators are known. */
async function signUp(userId: string, role: 'admin' | 'user') {
  await bus.publish(new UserSignedUp({ userId, email: `${userId}@example.org`, role }));
  await settled();
}
const settled = () =>
  vi.waitFor(async () => {
    const open = await db.query(`SELECT 1 FROM platform.deliveries UNION ALL SELECT 1 FROM platform.outbox`);
    expect(open).toEqual([]);
  }, 10_000);

const installed = (name = 'Tiny') =>
  new ModelInstalled({
    ...{ modelId: 'tiny', name, digest: 'a'.repeat(64), sizeBytes: 1, architecture: 'llama', contextLength: 1 },
    ...{ license: null, default: true },
  });

describe('administrators', () => {
  it('are told of an installed model, a failed install and a new account; others are not', async () => {
    const eve = newId();
    await signUp(ada, 'admin');
    await signUp(eve, 'user');
    await bus.publish(installed());
    await bus.publish(
      new InstallFailed({ installId: newId(), catalogueId: 'x', code: 'explore.gated', message: 'No.' }),
    );
    await unread(ada, 3);
    const { items } = await list(ada);
    expect(items.map(({ kind }) => kind).toSorted()).toEqual(['install-failed', 'model-installed', 'user-signed-up']);
    expect(items.find(({ kind }) => kind === 'model-installed')?.text).toBe('Tiny answers by default.');
    await settled();
    expect((await list(eve)).items).toEqual([]);
  });

  it('are not told when their account is disabled', async () => {
    const bob = newId();
    await signUp(ada, 'admin');
    await signUp(bob, 'admin');
    await bus.publish(new UserDisabled({ userId: bob }));
    await settled();
    await bus.publish(installed());
    // Ada: the new account, its end, the model. Bob: the end of his account, and no more.
    await unread(ada, 3);
    expect((await list(bob)).items.map(({ kind }) => kind)).toEqual(['account-disabled']);
  });

  it('mark their own notifications as read, once, and nobody else can', async () => {
    await signUp(ada, 'admin');
    await bus.publish(installed());
    await unread(ada, 1);
    const { items } = await list(ada);
    const notificationId = items[0]!.id;
    const stranger = as(newId(), () => bus.execute(new ReadNotification({ notificationId })));
    await expect(stranger).rejects.toMatchObject({ code: 'notifications.notification-not-found' });
    const first = await as(ada, () => bus.execute(new ReadNotification({ notificationId })));
    expect(first.readAt).not.toBeNull();
    expect(await as(ada, () => bus.execute(new ReadNotification({ notificationId })))).toEqual(first);
    expect((await list(ada)).unreadCount).toBe(0);
  });

  it('read page after page, newest first', async () => {
    await signUp(ada, 'admin');
    for (const name of ['1', '2', '3']) await bus.publish(installed(name));
    await unread(ada, 3);
    const first = await list(ada, { limit: 2 });
    expect(first.items).toHaveLength(2);
    const rest = await list(ada, { limit: 2, cursor: first.nextCursor! });
    expect(rest).toMatchObject({ nextCursor: null, unreadCount: 3 });
    const texts = [...first.items, ...rest.items].map(({ text }) => text[0]);
    expect(texts).toEqual(['3', '2', '1']);
  });
});

describe('everybody', () => {
  const answered = (over: Partial<AnswerFinished['data']> = {}) =>
    new AnswerFinished({
      ...{ conversationId: newId(), messageId: newId(), ownerId: ada, title: 'Lighthouses', status: 'complete' },
      ...{ text: 'Once upon a time', error: null, metadata: null },
      ...over,
    });

  beforeEach(() => signUp(ada, 'user'));

  it('hears of the end of their answers, unless they stopped them', async () => {
    const answer = answered();
    await bus.publish(answer);
    await bus.publish(answered({ status: 'stopped' }));
    await bus.publish(answered({ status: 'failed' }));
    await unread(ada, 2);
    const { items } = await list(ada);
    expect(items.map(({ kind }) => kind)).toEqual(['answer-failed', 'answer-finished']);
    expect(items[1]).toMatchObject({ text: 'Lighthouses', path: `/c/${answer.data.conversationId}` });
    expect((await list(newId())).items).toEqual([]);
  });

  it('hears where a sign-in came from', async () => {
    const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
    const at = '2026-11-21T07:58:00.000Z';
    await bus.publish(new UserSignedIn({ userId: ada, sessionId: newId(), address: '203.0.113.9', userAgent, at }));
    await unread(ada, 1);
    const text = 'Firefox on Linux, from the address 203.0.113.9, on 21 November 2026 at 07:58 UTC.';
    expect((await list(ada)).items[0]?.text).toContain(text);
  });

  it('is told of an event once, however often it is delivered', async () => {
    const { id } = await deliverAgain(answered());
    expect((await list(ada)).items).toHaveLength(1);
    const rows = await db.query(`SELECT 1 FROM notifications.notifications WHERE event_id = $1`, [id]);
    expect(rows).toHaveLength(1);
  });

  it('has read what they saw, before or after the notification was made', async () => {
    const [before, after] = [answered(), answered()];
    const see = ({ data: { conversationId, messageId } }: AnswerFinished) =>
      as(ada, () => bus.execute(new SeeConversation({ conversationId, messageIds: [messageId] })));
    await see(before);
    await bus.publish(before);
    await bus.publish(after);
    await settled();
    expect((await list(ada)).unreadCount).toBe(1);
    expect(await see(after)).toMatchObject({ unreadCount: 0 });
    expect((await list(ada)).items.every(({ readAt }) => readAt)).toBe(true);
  });

  it('does not read what came after they looked', async () => {
    await bus.publish(answered());
    await unread(ada, 1);
    const [seen] = (await list(ada)).items;
    await bus.publish(answered());
    await unread(ada, 2);
    const some = await as(ada, () => bus.execute(new ReadAllNotifications({ until: seen!.id })));
    expect(some).toEqual({ unreadCount: 1, revision: expect.stringMatching(/^\d+$/) as string });
    expect((await list(ada, { unread: true })).items).toHaveLength(1);
    const all = await as(ada, () => bus.execute(new ReadAllNotifications({})));
    expect(all).toEqual({ unreadCount: 0, revision: String(BigInt(some.revision) + 1n) });
  });

  it('loses the notifications of a conversation that is deleted', async () => {
    const answer = answered();
    await bus.publish(answer);
    await unread(ada, 1);
    await bus.publish(new ConversationDeleted({ conversationId: answer.data.conversationId, generationIds: [] }));
    await unread(ada, 0);
    expect((await list(ada)).items).toEqual([]);
  });

  it('is told that their account was disabled and enabled; the administrator who did it is not', async () => {
    const [eve, bob] = [newId(), newId()];
    await signUp(eve, 'admin');
    await signUp(bob, 'admin');
    await as(eve, () => bus.publish(new UserDisabled({ userId: ada })));
    await as(eve, () => bus.publish(new UserEnabled({ userId: ada })));
    await settled();
    expect((await list(ada)).items.map(({ kind }) => kind)).toEqual(['account-enabled', 'account-disabled']);
    expect((await list(bob)).items.map(({ kind }) => kind)).toEqual(['user-enabled', 'user-disabled']);
    expect((await list(eve)).items.map(({ kind }) => kind)).toEqual(['user-signed-up']);
  });

  it('chooses channels for each topic that concerns them', async () => {
    const preferences = await as(ada, () => bus.query(new GetPreferences({})));
    // For `as` everybody is an administrator: all topics.
    expect(preferences.items.map(({ topic }) => topic)).toEqual(['security', 'answers', 'models', 'accounts']);
    expect(preferences).toMatchObject({ emailAvailable: false, email: `${ada}@example.org` });
    await as(ada, () =>
      bus.execute(new SetPreferences({ items: [{ topic: 'answers', inPage: false, email: false }] })),
    );
    await bus.publish(answered());
    await settled();
    expect((await list(ada)).items).toEqual([]);
    const asUser = runAs({ actor: { userId: ada, role: 'user' } }, () =>
      bus.execute(new SetPreferences({ items: [{ topic: 'accounts', inPage: true, email: true }] })),
    );
    await expect(asUser).rejects.toMatchObject({ code: 'notifications.topic-not-yours' });
  });

  it('follows live what is new and read, and takes it up again after a break', async () => {
    const leave = new AbortController();
    const first = follow(leave.signal);
    await vi.waitFor(() => expect(first.changes).toMatchObject([{ type: 'state', unreadCount: 0 }]), 15_000);
    await bus.publish(answered());
    await vi.waitFor(() => expect(first.changes.at(-1)).toMatchObject({ type: 'new', unreadCount: 1 }), 15_000);
    leave.abort();
    await first.ended;
    await bus.publish(answered({ title: 'Second' }));
    await unread(ada, 2);
    await as(ada, () => bus.execute(new ReadNotification({ notificationId: firstOf(first.changes) })));
    const back = new AbortController();
    const second = follow(back.signal, first.changes.at(-1)!.revision);
    await vi.waitFor(() => expect(second.changes).toHaveLength(2), 15_000);
    expect(second.changes).toMatchObject([
      { type: 'new', notification: { text: 'Second' } },
      { type: 'read', ids: [firstOf(first.changes)], unreadCount: 1 },
    ]);
    back.abort();
    await second.ended;
  });

  it('follows what another process stored', async () => {
    const leave = new AbortController();
    const { changes, ended } = follow(leave.signal);
    await vi.waitFor(() => expect(changes).toHaveLength(1), 15_000);
    // Nobody wakes anybody here: as another process would write.
    await db.transaction(async () => {
      await db.query(
        `INSERT INTO notifications.notifications (id, recipient_id, kind, title, text, created_at, revision)
         SELECT $2, user_id, 'signed-in', 'From elsewhere', '', now(), revision + 1
         FROM notifications.recipients WHERE user_id = $1`,
        [ada, newId()],
      );
      await db.query(`UPDATE notifications.recipients SET revision = revision + 1 WHERE user_id = $1`, [ada]);
    });
    await vi.waitFor(() => expect(changes[1]).toMatchObject({ notification: { title: 'From elsewhere' } }), 15_000);
    leave.abort();
    await ended;
  });

  it('is known from the stored events when the module comes later', async () => {
    const bob = newId();
    await signUp(bob, 'admin');
    await bus.publish(new UserDisabled({ userId: bob }));
    await settled();
    await db.query(`DELETE FROM notifications.recipients`);
    await module.close();
    await boot();
    await module.get(AfterStart, { strict: false }).now();
    const rows = await db.query(`SELECT user_id, role, disabled FROM notifications.recipients ORDER BY user_id`);
    expect(rows).toEqual([
      { user_id: ada, role: 'user', disabled: false },
      { user_id: bob, role: 'admin', disabled: true },
    ]);
  });
});

const firstOf = (changes: NotificationChange[]): string =>
  changes.flatMap((change) => (change.type === 'new' ? [change.notification.id] : []))[0]!;

function follow(signal: AbortSignal, after?: string) {
  const changes: NotificationChange[] = [];
  const ended = as(ada, async () => {
    for await (const change of bus.stream(new FollowNotifications({ after }), { signal })) changes.push(change);
  }).catch(() => undefined); // The reader left: that is how it ends.
  return { changes, ended };
}

/** As after a crash: the same envelope a second time, and even without a trace of the first in the inbox. */
async function deliverAgain(event: AnswerFinished): Promise<{ id: string }> {
  await bus.publish(event);
  await unread(ada, 1);
  await settled();
  const [stored] = await db.query<{ id: string; position: string }>(
    `SELECT id, position FROM platform.events WHERE type = 'chat.answer.finished.v1'`,
  );
  for (const forget of [false, true]) {
    if (forget) await db.query(`DELETE FROM platform.inbox`);
    await db.query(`INSERT INTO platform.outbox (position) VALUES ($1)`, [stored!.position]);
    // The relay looks when something is stored.
    await bus.publish(new UserEnabled({ userId: ada }));
    await settled();
  }
  await db.query(`DELETE FROM notifications.notifications WHERE kind = 'account-enabled'`);
  return stored!;
}
