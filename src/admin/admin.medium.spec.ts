import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigModule, loadConfig } from '@app/config';
import { newId } from '@app/kernel';
import { eventMetadata, MessageBus, MessagingModule, runAs } from '@app/messaging';
import { Database, PersistenceModule } from '@app/persistence';
import { freshFolder } from '@app/testing';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserSignedIn } from '../auth/contracts/index.js';
import { MessageSent } from '../chat/contracts/index.js';
import { AdminModule } from './admin.module.js';
import { GetOverview, ListEvents } from './contracts/index.js';

let dataDir: string;
let module: TestingModule;
let bus: MessageBus;
const ada = newId();

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-admin-'));
  await freshFolder(join(dataDir, 'db'));
  module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(loadConfig({ DATA_DIR: dataDir })),
      PersistenceModule.forRoot({ ambient: () => eventMetadata('test') }),
      MessagingModule.forRoot({ service: 'test' }),
      AdminModule,
    ],
  }).compile();
  await module.init();
  bus = module.get(MessageBus, { strict: false });
  await runAs({ actor: { userId: ada, role: 'user' }, correlationid: newId() }, async () => {
    for (let n = 0; n < 12; n++) await bus.publish(new UserSignedIn({ userId: ada, sessionId: newId() }));
    const ids = { conversationId: newId(), messageId: newId(), parentId: null };
    await bus.publish(new MessageSent({ ...ids, text: 'a private thought' }));
  });
});
afterAll(async () => {
  await module.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the audit', () => {
  it('lists what happened, newest first, with who did it and without what they wrote', async () => {
    const { items } = await bus.query(new ListEvents({}));
    expect(items).toHaveLength(13);
    expect(items[0]).toMatchObject({
      type: 'chat.message.sent.v1',
      actor: { userId: ada, role: 'user' },
      data: { text: { characters: 17 } },
    });
    expect(JSON.stringify(items)).not.toContain('private');
  });

  it('goes on from a cursor without a gap or a repeat', async () => {
    const positions: bigint[] = [];
    let cursor: string | undefined;
    do {
      const page = await bus.query(new ListEvents({ limit: 5, cursor }));
      positions.push(...page.items.map(({ position }) => BigInt(position)));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(positions).toHaveLength(13);
    expect(positions.every((position, index) => index === 0 || position < positions[index - 1]!)).toBe(true);
  });

  it('can be narrowed to a type or to how it starts', async () => {
    expect((await bus.query(new ListEvents({ type: 'chat.' }))).items).toHaveLength(1);
    expect((await bus.query(new ListEvents({ type: 'auth.user.signed-in.v1' }))).items).toHaveLength(12);
    expect((await bus.query(new ListEvents({ type: 'nothing' }))).items).toEqual([]);
  });
});

describe('the overview', () => {
  it('counts events and deliveries, and tells version and memory', async () => {
    const parked = `INSERT INTO platform.deliveries (queue, message_id, envelope, dead_at) VALUES ('q', $1, '{}', now())`;
    await module.get(Database, { strict: false }).query(parked, [newId()]);
    const overview = await bus.query(new GetOverview({}));
    expect(overview).toMatchObject({ events: { total: 13, lastDay: 13 }, deliveries: { parked: 1 } });
    expect(overview.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(overview.memory.residentBytes).toBeGreaterThan(10_000_000);
  });
});
