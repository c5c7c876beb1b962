import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyExport } from '@app/audit';
import { ConfigModule, loadConfig } from '@app/config';
import { DomainError, newId } from '@app/kernel';
import { type Actor, eventMetadata, Handles, MessageBus, MessagingModule, OnEvent, runAs } from '@app/messaging';
import { Database, PersistenceModule } from '@app/persistence';
import { freshFolder } from '@app/testing';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserDisabled, UserSignedIn } from '../auth/contracts/index.js';
import { MessageSent, RebuildReadModel } from '../chat/contracts/index.js';
import { InstallFailed } from '../explore/contracts/index.js';
import { type CompletionRecord, CompletionsRecorded, GenerationFinished } from '../inference/contracts/index.js';
import { AdminModule } from './admin.module.js';
import {
  CancelTask,
  DropParked,
  ExportEvents,
  GetAuditHead,
  GetOverview,
  GetTask,
  GetUsage,
  ListEvents,
  ListInstances,
  ListParked,
  ListQueues,
  ListTasks,
  ReplayParked,
  StartTask,
  StreamTask,
  type TaskKind,
  type TaskView,
} from './contracts/index.js';
import { AuditFollower } from './audit/audit-follower.js';
import { RunOnTaskRequestedHandler } from './features/run-on-task-requested.handler.js';
import { Tasks } from './tasks/tasks.js';

let dataDir: string;
let module: TestingModule;
let bus: MessageBus;
const ada = newId();
const administrator: Actor = { userId: newId(), role: 'admin' };
const asAdmin = <T>(work: () => Promise<T>) => runAs({ actor: administrator }, work);
const db = () => module.get(Database, { strict: false });
const caughtUp = () => module.get(AuditFollower, { strict: false }).catchUp();

let fails = true;
const heard: string[] = [];

/** Stands for a reaction of another module that cannot do its work for a while. */
@OnEvent(UserDisabled, { queue: 'test.fail-on-user-disabled', attempts: 2, backoff: { baseMs: 1, maxMs: 1 } })
class FailingReaction {
  handle({ userId }: { userId: string }): void {
    if (fails) throw new Error('not today');
    heard.push(userId);
  }
}

let away = 0;
const rebuilds: AbortSignal[] = [];

/** Stands for the module that owns the read model, in a process that is away at first, or never gets to the end. */
@Handles(RebuildReadModel)
class Rebuilding {
  async *handle(_data: unknown, { signal }: { signal: AbortSignal }) {
    rebuilds.push(signal);
    yield { events: 1 };
    if (away > 0) {
      away -= 1;
      throw new DomainError('unavailable', 'platform.interrupted', 'The process is gone.');
    }
    if (away < 0) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    yield { events: 13 };
  }
}

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
    providers: [FailingReaction, Rebuilding],
  }).compile();
  module.useLogger(false);
  await module.init();
  bus = module.get(MessageBus, { strict: false });
  await runAs({ actor: { userId: ada, role: 'user' }, correlationid: newId() }, async () => {
    for (let n = 0; n < 12; n++) await bus.publish(new UserSignedIn({ userId: ada, sessionId: newId() }));
    const ids = { conversationId: newId(), messageId: newId(), parentId: null };
    await bus.publish(new MessageSent({ ...ids, text: 'a private thought' }));
  });
});
afterAll(async () => {
  await module?.close();
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

  it('can be narrowed by type, actor, stream, time and id, and by all of them', async () => {
    const count = async (filter: ConstructorParameters<typeof ListEvents>[0]) =>
      (await bus.query(new ListEvents(filter))).items.length;
    const [newest] = (await bus.query(new ListEvents({}))).items;
    const future = new Date(Date.now() + 60_000).toISOString();
    expect(await count({ type: 'chat.' })).toBe(1);
    expect(await count({ type: 'auth.user.signed-in.v1' })).toBe(12);
    expect(await count({ type: 'nothing' })).toBe(0);
    expect(await count({ actor: ada })).toBe(13);
    expect(await count({ actor: 'system' })).toBe(0);
    expect(await count({ stream: 'auth' })).toBe(12);
    expect(await count({ from: future })).toBe(0);
    expect(await count({ to: future })).toBe(13);
    expect(await count({ id: newest!.id })).toBe(1);
    expect(await count({ id: newest!.data['messageId'] as string })).toBe(1);
    expect(await count({ id: newest!.correlationId! })).toBe(13);
    expect(await count({ id: ada, type: 'auth.', to: future })).toBe(12);
  });

  it('cannot be searched for what people wrote', async () => {
    expect((await bus.query(new ListEvents({ id: 'private' }))).items).toEqual([]);
  });

  it('is sealed by itself', async () => {
    await expect.poll(async () => (await bus.query(new GetAuditHead({}))).waiting).toBe(0);
    expect(await bus.query(new GetAuditHead({}))).toMatchObject({ sealed: 13, position: '13' });
  });

  const exported = async (format: 'ndjson' | 'csv', filter: { type?: string } = {}) => {
    let text = '';
    await asAdmin(async () => {
      for await (const piece of bus.stream(new ExportEvents({ format, filter }))) text += piece;
    });
    return text;
  };
  const verdictOf = async (text: string) => {
    const file = join(dataDir, 'export.ndjson');
    writeFileSync(file, text);
    return verifyExport(file);
  };

  it('can be exported as lines that an offline verifier accepts, and that show no content', async () => {
    const text = await exported('ndjson');
    expect(await verdictOf(text)).toMatchObject({ ok: true, events: 14 });
    expect(text).not.toContain('private');
    // The last event is the export itself.
    expect(text).toContain(`"actor":{"role":"admin","userId":"${administrator.userId}"}`);
    const tampered = text.replace('"type":"chat.message.sent.v1"', '"type":"chat.message.lost.v1"');
    expect(await verdictOf(tampered)).toMatchObject({ ok: false, position: '13' });
  });

  it('can be exported in part, and as a table', async () => {
    const part = await exported('ndjson', { type: 'chat.' });
    expect(part.trim().split('\n')).toHaveLength(3);
    await expect(verdictOf(part)).rejects.toMatchObject({ code: 'platform.audit-export-unusable' });
    const [head, ...rows] = (await exported('csv', { type: 'chat.' })).trim().split('\r\n');
    expect(head).toBe('position,id,time,type,stream,actor,role,source,correlation,data');
    expect(rows).toHaveLength(1);
    expect(rows[0]).toContain('""characters"":17');
  });

  it('is exported for administrators only', async () => {
    const reading = async () => {
      for await (const _ of bus.stream(new ExportEvents({ format: 'csv' }))) throw new Error('must not come');
    };
    await expect(runAs({ actor: { userId: ada, role: 'user' } }, reading)).rejects.toMatchObject({ kind: 'forbidden' });
  });
});

describe('parked messages', () => {
  const queue = 'test.fail-on-user-disabled';
  const parked = async (count: number) => {
    await expect.poll(async () => (await bus.query(new ListParked({ queue }))).items.length).toBe(count);
    return (await bus.query(new ListParked({ queue }))).items;
  };
  const disable = (count: number) =>
    asAdmin(async () => {
      for (let n = 0; n < count; n++) await bus.publish(new UserDisabled({ userId: newId() }));
    });

  it('are listed with what went wrong, page by page, and counted', async () => {
    await disable(3);
    const [first] = await parked(3);
    expect(first).toMatchObject({ queue, type: 'auth.user.disabled.v1', attempts: 2, actor: { role: 'admin' } });
    expect(first!.error.code).toBe('platform.internal');
    const page = await bus.query(new ListParked({ queue, limit: 2 }));
    const rest = await bus.query(new ListParked({ queue, limit: 2, cursor: page.nextCursor! }));
    expect([page.items.length, rest.items.length, rest.nextCursor]).toEqual([2, 1, null]);
    const { items } = await bus.query(new ListQueues({}));
    expect(items.find((one) => one.queue === queue)).toMatchObject({ parked: 3, waiting: 0 });
    expect(items.map((one) => one.queue)).toContain('admin.run-on-task-requested');
    expect((await bus.query(new GetOverview({}))).deliveries.parked).toBe(3);
  });

  it('stand beside what runs in other processes, as of their last beats', async () => {
    const running = async () => (await bus.query(new ListQueues({}))).items.find((one) => one.queue === queue)?.running;
    expect(await running()).toBe(0);
    for (const age of ['1 s', '1 s', '1 hour'])
      await db().query(
        `INSERT INTO platform.instances VALUES ($1, 'elsewhere', '1', '{}', '{}', '{}', '{}', 'other', 7, now(), now() - $2::interval, $3)`,
        [newId(), age, JSON.stringify({ runningDeliveries: { [queue]: 2 } })],
      );
    expect(await running()).toBe(4);
    await db().query(`DELETE FROM platform.instances WHERE service = 'elsewhere'`);
  });

  it('can be replayed and dropped one by one, which the audit knows', async () => {
    fails = false;
    const [first, second] = await parked(3);
    await asAdmin(() => bus.execute(new ReplayParked({ queue, id: first!.id })));
    await asAdmin(() => bus.execute(new DropParked({ queue, id: second!.id })));
    await expect.poll(() => heard).toEqual([(first!.data as { userId: string }).userId]);
    await parked(1);
    const { items } = await bus.query(new ListEvents({ type: 'admin.parked.' }));
    expect(items.map(({ type, actor, data }) => [type, actor?.userId, data['messageId']])).toEqual([
      ['admin.parked.dropped.v1', administrator.userId, second!.messageId],
      ['admin.parked.replayed.v1', administrator.userId, first!.messageId],
    ]);
    const again = asAdmin(() => bus.execute(new ReplayParked({ queue, id: first!.id })));
    await expect(again).rejects.toMatchObject({ code: 'admin.parked-message-not-found' });
  });

  it('can be replayed all at once, by a task; what fails again is not tried twice', async () => {
    fails = true;
    await disable(2);
    await parked(3);
    const failed = await finished(await start('replay-parked', { queue }));
    expect(failed).toMatchObject({ status: 'done', done: 3, total: 3, result: { replayed: 3 } });
    await parked(3);
    fails = false;
    await finished(await start('replay-parked', { queue }));
    await parked(0);
    expect(heard).toHaveLength(4);
  });

  it('are the business of administrators', async () => {
    const asUser = (work: () => Promise<unknown>) => runAs({ actor: { userId: ada, role: 'user' as const } }, work);
    for (const message of [new ReplayParked({ queue, id: '1' }), new DropParked({ queue, id: '1' })]) {
      await expect(asUser(() => bus.execute(message))).rejects.toMatchObject({ kind: 'forbidden' });
    }
  });
});

const start = (kind: TaskKind, params: { queue?: string; projections?: string[] } = {}) =>
  asAdmin(() => bus.execute(new StartTask({ kind, params })));

async function finished({ id }: TaskView): Promise<TaskView> {
  let last: TaskView | undefined;
  for await (const task of bus.stream(new StreamTask({ taskId: id }))) last = task;
  return last!;
}

describe('a task', () => {
  it('verifies the audit, and names the first broken position', async () => {
    const good = await finished(await start('verify-audit'));
    expect(good).toMatchObject({ status: 'done', requestedBy: administrator.userId, attempts: 1, error: null });
    expect(good.result!['events']).toBe(good.total);
    await db().query('ALTER TABLE platform.events DISABLE TRIGGER ALL');
    await db().query(`UPDATE platform.events SET type = 'auth.user.signed-out.v1' WHERE position = 3`);
    const bad = await finished(await start('verify-audit'));
    expect(bad).toMatchObject({ status: 'failed', error: { code: 'admin.audit-broken' }, result: { position: '3' } });
    await db().query(`UPDATE platform.events SET type = 'auth.user.signed-in.v1' WHERE position = 3`);
    await db().query('ALTER TABLE platform.events ENABLE TRIGGER ALL');
  });

  it('is in the audit, from the wish to the end', async () => {
    const { id } = await finished(await start('rebuild-projections'));
    const { items } = await bus.query(new ListEvents({ id }));
    expect(items.map(({ type }) => type)).toEqual(['admin.task.finished.v1', 'admin.task.requested.v1']);
    expect(items[1]!.actor?.userId).toBe(administrator.userId);
    expect((await bus.query(new ListTasks({}))).items[0]!.id).toBe(id);
  });

  it('fails with a reason when it cannot be done', async () => {
    await expect(start('replay-parked')).rejects.toMatchObject({ code: 'admin.queue-needed' });
    const task = await finished(await start('rebuild-projections', { projections: ['chat.none'] }));
    expect(task).toMatchObject({ status: 'failed', error: { code: 'platform.unknown-projection' } });
  });

  it('asks the module of a read model again when its process ended on the way', async () => {
    away = 1;
    const task = await finished(await start('rebuild-projections'));
    const result = { projections: ['chat.conversations'], events: 13 };
    expect(task).toMatchObject({ status: 'done', done: 1, total: 1, note: 'chat.conversations: 13 events', result });
    expect(away).toBe(0);
  });

  it('that is cancelled stops the module that works for it', async () => {
    away = -1;
    rebuilds.length = 0;
    const task = await start('rebuild-projections');
    await expect.poll(() => rebuilds.length).toBe(1);
    await asAdmin(() => bus.execute(new CancelTask({ taskId: task.id })));
    expect(await finished(task)).toMatchObject({ status: 'cancelled' });
    expect(rebuilds[0]!.aborted).toBe(true);
    away = 0;
  });

  it('can be cancelled before it runs, and a task that is over stays as it is', async () => {
    const { id } = await db().transaction(async () => {
      const task = await start('verify-audit');
      await asAdmin(() => bus.execute(new CancelTask({ taskId: task.id })));
      return task;
    });
    expect(await finished({ id } as TaskView)).toMatchObject({ status: 'cancelled', cancelRequested: true });
    const done = await finished(await start('verify-audit'));
    await asAdmin(() => bus.execute(new CancelTask({ taskId: done.id })));
    expect(await bus.query(new GetTask({ taskId: done.id }))).toMatchObject({ status: 'done', cancelRequested: false });
    await expect(bus.query(new GetTask({ taskId: newId() }))).rejects.toMatchObject({ code: 'admin.task-not-found' });
  });
});

describe('a task whose process ended', () => {
  const handler = () => module.get(RunOnTaskRequestedHandler, { strict: false });
  /** As a process leaves it that was killed: running, its delivery given to the next one. */
  const abandoned = async () => {
    const tasks = module.get(Tasks, { strict: false });
    const { id } = await tasks.create('rebuild-usage', {}, ada);
    await tasks.begin(id);
    return { id, data: { taskId: id, kind: 'rebuild-usage' as const, params: {} } };
  };
  const context = (deliveryAttempt: number, signal = new AbortController().signal) => ({
    ...{ id: newId(), type: 'admin.task.requested.v1', correlationid: newId(), deliveryAttempt, signal },
  });

  it('is taken up again', async () => {
    const { id, data } = await abandoned();
    await handler().handle(data, context(2));
    expect(await bus.query(new GetTask({ taskId: id }))).toMatchObject({ status: 'done', attempts: 2 });
  });

  it('is marked as failed when that happens every time', async () => {
    const { id, data } = await abandoned();
    await handler().handle(data, context(5));
    const error = { code: 'admin.task-crashed' };
    expect(await bus.query(new GetTask({ taskId: id }))).toMatchObject({ status: 'failed', error });
  });

  it('is left to the next process when this one is asked to end', async () => {
    const { id, data } = await abandoned();
    const leaving = new AbortController();
    leaving.abort(new DomainError('unavailable', 'platform.shutting-down', 'Bye.'));
    const run = handler().handle(data, context(1, leaving.signal));
    await expect(run).rejects.toMatchObject({ code: 'platform.shutting-down' });
    expect(await bus.query(new GetTask({ taskId: id }))).toMatchObject({ status: 'running' });
    await handler().handle(data, context(2));
  });
});

describe('usage', () => {
  const answer = (model: string, status: 'complete' | 'failed', wait: number | null) => {
    const sampler = { temperature: 0, topP: 1, topK: 0, minP: 0, seed: 1, maxTokens: 10 };
    const metadata = {
      ...{ engine: 'test', model, modelDigest: null, adapterDigests: [], sampler },
      ...{ promptTokens: 100, completionTokens: 10, cachedPromptTokens: 0, timeToFirstTokenMs: wait },
      ...{ tokensPerSecond: 1, finishReason: 'stop' as const, continuations: 0, continuationMode: 'none' as const },
    };
    const ids = { generationId: newId(), conversationId: newId(), messageId: newId() };
    return new GenerationFinished({ ...ids, status, text: 'private', error: null, metadata });
  };
  const counted = async () => {
    await caughtUp();
    return bus.query(new GetUsage({ days: 2 }));
  };

  it('counts answers, tokens, waits and what else happened, by day, model and person', async () => {
    await runAs({ actor: { userId: ada, role: 'user' } }, async () => {
      for (const wait of [120, 150, 180, 2_500]) await bus.publish(answer('small', 'complete', wait));
      await bus.publish(answer('large', 'failed', null));
      await bus.publish(
        new InstallFailed({ installId: newId(), catalogueId: 'x', code: 'explore.gated', message: 'no' }),
      );
    });
    const usage = await counted();
    expect(usage.total).toEqual({ answers: 5, failed: 1, stopped: 0, promptTokens: 500, completionTokens: 50 });
    expect(usage.days).toHaveLength(2);
    expect(usage.days[1]).toMatchObject({ day: usage.to, answers: 5, signIns: 12, failedInstalls: 1, installs: 0 });
    expect(usage.models).toMatchObject([
      { model: 'small', answers: 4, timeToFirstToken: { answers: 4 } },
      { model: 'large', answers: 1, failed: 1, timeToFirstToken: { p50: null } },
    ]);
    expect(usage.models[0]!.timeToFirstToken.p50).toBeLessThanOrEqual(200);
    expect(usage.models[0]!.timeToFirstToken.p99).toBeGreaterThan(2_000);
    expect(usage.users).toMatchObject([{ userId: ada, answers: 5 }]);
    expect(usage.timeToFirstToken.histogram.find(({ belowMs }) => belowMs === 200)?.answers).toBe(3);
  });

  it('counts requests of /v1 beside conversations, and shows either alone', async () => {
    const before = await counted();
    const record = (status: CompletionRecord['status'], timeToFirstTokenMs: number | null): CompletionRecord => ({
      ...{ completionId: newId(), userId: ada, status, model: 'small', promptTokens: 3, completionTokens: 2 },
      ...{ timeToFirstTokenMs, durationMs: 900 },
    });
    await bus.publish(new CompletionsRecorded({ completions: [record('complete', 40), record('stopped', null)] }));
    await bus.publish(new CompletionsRecorded({ completions: [record('failed', null)] }));
    const usage = await counted();
    expect(usage.total.answers).toBe(before.total.answers + 3);
    expect(usage.users).toMatchObject([{ userId: ada, answers: before.total.answers + 3 }]);
    const [chat, api] = usage.sources;
    expect(chat).toMatchObject({ source: 'chat', ...before.total });
    expect(api).toMatchObject({
      source: 'api',
      answers: 3,
      failed: 1,
      stopped: 1,
      promptTokens: 9,
      completionTokens: 6,
    });
    expect(api!.timeToFirstToken).toMatchObject({ answers: 1, p50: 25 });
    const alone = await bus.query(new GetUsage({ days: 2, source: 'api' }));
    expect(alone).toMatchObject({ total: { answers: 3 }, models: [{ model: 'small', answers: 3 }] });
    expect(alone.timeToFirstToken.answers).toBe(1);
    expect((await bus.query(new GetUsage({ days: 2, source: 'chat' }))).total).toEqual(before.total);
  });

  it('counts each event once, however often it looks', async () => {
    const before = await counted();
    await Promise.all([caughtUp(), caughtUp()]);
    expect(await counted()).toEqual(before);
  });

  it('can be counted anew from the events, with the same result', async () => {
    const before = await counted();
    await db().query('UPDATE admin.usage_answers SET complete = complete + 7');
    expect((await counted()).total.answers).toBeGreaterThan(before.total.answers);
    const task = await finished(await start('rebuild-usage'));
    expect(task).toMatchObject({ status: 'done', result: { events: 20 } });
    expect(await counted()).toEqual(before);
  });
});

describe('the overview and the processes', () => {
  it('counts events, and tells version and memory', async () => {
    const overview = await bus.query(new GetOverview({}));
    expect(overview.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(overview.events.total).toBeGreaterThan(13);
    expect(overview.memory.residentBytes).toBeGreaterThan(10_000_000);
  });

  it('tells which processes live and what they handle', async () => {
    const insert = (service: string, age: string) =>
      db().query(
        `INSERT INTO platform.instances VALUES ($1, $2, '1.0.0', ARRAY[$2], '{}', '{}', '{}', 'host', 7, now(), now() - $3::interval,
         '{"eventLoopLagMs": 1, "residentBytes": 2, "cpuShare": 0.5, "runningRequests": null}')`,
        [newId(), service, age],
      );
    await insert('chat', '1 s');
    await insert('chat', '1 hour');
    await insert('explore', '1 hour');
    const { at, modules, items } = await bus.query(new ListInstances({}));
    expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(60_000);
    expect(Date.parse(at) - Date.parse(items[0]!.lastBeat)).toBeGreaterThanOrEqual(1_000);
    expect(modules).toEqual([
      { name: 'chat', alive: 1 },
      { name: 'explore', alive: 0 },
    ]);
    expect(items.map(({ service, alive }) => [service, alive])).toEqual([
      ['chat', true],
      ['chat', false],
      ['explore', false],
    ]);
  });
});
