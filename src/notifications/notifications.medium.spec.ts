import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigModule, loadConfig } from '@app/config';
import { newId } from '@app/kernel';
import { eventMetadata, MessageBus, MessagingModule, runAs } from '@app/messaging';
import { Database, PersistenceModule } from '@app/persistence';
import { freshFolder } from '@app/testing';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserDisabled, UserSignedUp } from '../auth/contracts/index.js';
import { InstallFailed, ModelInstalled } from '../explore/contracts/index.js';
import { ListNotifications, ReadNotification } from './contracts/index.js';
import { NotificationsModule } from './notifications.module.js';

let dataDir: string;
let module: TestingModule;
let bus: MessageBus;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-notifications-'));
  await freshFolder(join(dataDir, 'db'));
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
});
afterEach(async () => {
  await module.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const ada = newId();
const as = <T>(userId: string, work: () => T) => runAs({ actor: { userId, role: 'admin' } }, work);
const list = (userId: string, page: { cursor?: string; limit?: number } = {}) =>
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
    const open = await module
      .get(Database, { strict: false })
      .query(`SELECT 1 FROM platform.deliveries UNION ALL SELECT 1 FROM platform.outbox`);
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
    await unread(ada, 2);
    expect((await list(bob)).items).toEqual([]);
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
