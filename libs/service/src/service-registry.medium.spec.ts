import { Logger } from '@nestjs/common';
import { type TestDatabase, testDatabase, testDatabaseKinds } from '@app/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServiceDirectory } from './service-directory.js';
import { type Announcement, type RegistryOptions, ServiceRegistry, type Sql } from './service-registry.js';

const chat: Announcement = {
  service: 'chat',
  version: '1.2.3',
  modules: ['chat'],
  http: [],
  types: ['chat.send-message.v1'],
  queues: ['chat.record-answer-on-generation-finished'],
};

interface Row {
  id: string;
  service: string;
  modules: string[];
  queues: string[];
  pid: number;
  load: Record<string, unknown>;
  last_beat: Date;
}

describe.each(testDatabaseKinds)('the registry on %s', (kind) => {
  let test: TestDatabase;
  beforeAll(async () => void (test = await testDatabase(kind)));
  afterAll(() => test?.dispose());
  beforeEach(() => test.db.query('DELETE FROM platform.instances'));

  /** A process; its timer never fires within a test. */
  const registry = (announcement: Partial<Announcement> = {}, options: RegistryOptions = {}, sql: Sql = test.db) => {
    const directory = new ServiceDirectory();
    const announced = () => ({ ...chat, ...announcement });
    return { directory, registry: new ServiceRegistry(sql, directory, announced, { beatMs: 3_600_000, ...options }) };
  };
  const rows = () => test.db.query<Row>('SELECT * FROM platform.instances ORDER BY service, id');
  const age = (id: string, interval: string) =>
    test.db.query('UPDATE platform.instances SET last_beat = now() - $2::interval WHERE id = $1', [id, interval]);

  it('announces a process with what it serves and how busy it is, and takes it off when it ends', async () => {
    const { registry: one } = registry({}, { runningRequests: () => 3 });
    await one.onApplicationBootstrap();
    const [row] = await rows();
    expect(row).toMatchObject({ ...chat, id: one.id, pid: process.pid, load: { runningRequests: 3 } });
    expect(row!.load['residentBytes']).toBeGreaterThan(10_000_000);
    expect(row!.load['cpuShare']).toBeGreaterThanOrEqual(0);
    expect(row!.load['eventLoopLagMs']).toBeGreaterThanOrEqual(0);
    await one.onModuleDestroy();
    expect(await rows()).toEqual([]);
    await one.beat();
    expect(await rows()).toEqual([]);
  });

  it('says which deliveries run in it', async () => {
    const running: Record<string, number> = {};
    const { registry: one } = registry({}, { runningDeliveries: () => running });
    await one.beat();
    expect((await rows())[0]!.load).toMatchObject({ runningDeliveries: {} });
    running['chat.record-answer-on-generation-finished'] = 2;
    await one.beat();
    expect((await rows())[0]!.load).toMatchObject({ runningDeliveries: running });
  });

  it('beats again and again on one row', async () => {
    const { registry: one } = registry();
    await one.beat();
    await age(one.id, '5 s');
    await one.beat();
    const [row, ...more] = await rows();
    expect(more).toEqual([]);
    expect(Date.now() - row!.last_beat.getTime()).toBeLessThan(4_000);
  });

  it('sees other processes come, fall silent and come back', async () => {
    const { registry: gateway, directory } = registry({ service: 'gateway', modules: [], types: [] });
    const { registry: other } = registry();
    await gateway.beat();
    expect(directory.serviceOf('chat.send-message.v1')).toEqual({ service: 'chat', alive: 0 });
    await other.beat();
    await gateway.beat();
    expect(directory.serviceOf('chat.send-message.v1')).toEqual({ service: 'chat', alive: 1 });
    await age(other.id, '11 s');
    await gateway.beat();
    expect(directory.serviceOf('chat.send-message.v1')).toEqual({ service: 'chat', alive: 0 });
    await other.beat();
    await gateway.fresh(0);
    expect(directory.instancesOf('chat')).toBe(1);
  });

  it('forgets after a day what never said goodbye', async () => {
    const { registry: killed } = registry();
    await killed.beat();
    await age(killed.id, '25 h');
    const { registry: one } = registry();
    await one.beat();
    expect((await rows()).map(({ id }) => id)).toEqual([one.id]);
  });

  it('outlives a database that fails, says so once, and keeps what it knew', async () => {
    let broken = false;
    const flaky: Sql = {
      query: (text, params) => (broken ? Promise.reject(new Error('gone')) : test.db.query(text, params)),
    };
    const warned = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const { registry: one, directory } = registry({}, {}, flaky);
    await one.beat();
    broken = true;
    await one.beat();
    await one.beat();
    expect(warned).toHaveBeenCalledTimes(1);
    expect(directory.instancesOf('chat')).toBe(1);
    broken = false;
    await age(one.id, '1 h');
    await one.beat();
    expect(Date.now() - (await rows())[0]!.last_beat.getTime()).toBeLessThan(10_000);
    broken = true;
    await one.onModuleDestroy();
    vi.restoreAllMocks();
  });
});
