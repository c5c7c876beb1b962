import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '@app/config';
import { Database } from '@app/persistence';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent, ParkedMessage, QueueView, TaskView } from '../../src/admin/contracts/index.js';
import { Client, type HttpError } from '../support/client.js';
import { nodeBinary, type Parley } from '../support/parley.js';
import { queue, StuckFile } from '../support/stuck-file.js';
import { startTiny, until } from '../support/tiny-server.js';
import { backboneOf, split } from '../support/topology.js';

const main = join(import.meta.dirname, '../../dist/src/main.js');

let parley: Parley;
let client: Client;
beforeAll(async () => void ({ parley, client } = await startTiny()));
afterAll(() => parley?.dispose());

const parkedPath = `/api/admin/queues/${queue}/parked`;
const parked = async () => (await client.get<{ items: ParkedMessage[] }>(parkedPath)).items;
const parkedOf = async ({ digest }: StuckFile) =>
  (await parked()).find(({ data }) => (data as { digest: string }).digest === digest);
const depth = async () => {
  const { items } = await client.get<{ items: QueueView[] }>('/api/admin/queues');
  return items.find((one) => one.queue === queue);
};
const install = (name: string) => StuckFile.install(parley, client, name);
const stuck = async (name: string) => {
  const file = await install(name);
  await file.stick();
  return file;
};
/** The model goes, its file cannot, and after the last attempt the message is parked. */
const park = async (file: StuckFile) => {
  await file.remove();
  return until(() => parkedOf(file));
};
const replay = ({ id }: ParkedMessage) => client.post(`${parkedPath}/${id}/replay`);
const finished = async ({ id }: TaskView) =>
  until(async () => {
    const task = await client.get<TaskView>(`/api/admin/tasks/${id}`);
    return task.status !== 'queued' && task.status !== 'running' && task;
  });
const start = (kind: string, params = {}) => client.post<TaskView>('/api/admin/tasks', { kind, params });
const refusal = (asked: Promise<unknown>) =>
  asked.then(
    () => 'none',
    ({ status, body }: HttpError) => `${status} ${body.code}`,
  );

describe('a message that fails every attempt', () => {
  let poison: StuckFile;
  let letter: ParkedMessage;

  it('is parked, and what is behind it in the queue is done', async () => {
    poison = await stuck('poison');
    const behind = await install('behind');
    await poison.remove();
    await behind.remove();
    await until(async () => !behind.exists);
    letter = await until(() => parkedOf(poison));
    expect(poison.exists).toBe(true);
    await expect.poll(depth).toEqual({ queue, waiting: 0, running: 0, parked: 1 });
  });

  it('can be looked at: what it is, who caused it, how often it was tried and why it failed', () => {
    expect(letter).toMatchObject({
      ...{ queue, type: 'explore.model.removed.v1', attempts: 5, actor: { role: 'admin' } },
      error: { code: 'storage.unavailable' },
      data: { modelId: poison.modelId, digest: poison.digest },
    });
    expect(Date.parse(letter.parkedAt)).toBeGreaterThan(Date.parse(letter.sentAt));
  });

  it('is parked again when it is replayed and the cause is still there', async () => {
    await replay(letter);
    const again = await until(async () => {
      const found = await parkedOf(poison);
      return found && found.parkedAt !== letter.parkedAt && found;
    });
    expect(again).toMatchObject({ messageId: letter.messageId, attempts: 5 });
    letter = again;
  });

  it('has its effect when it is replayed after the cause is gone', async () => {
    await poison.loosen();
    await replay(letter);
    await until(async () => !poison.exists);
    await expect.poll(depth).toEqual({ queue, waiting: 0, running: 0, parked: 0 });
    expect(await refusal(replay(letter))).toBe('404 admin.parked-message-not-found');
  });

  it('can be replayed with all of its queue, by a task', async () => {
    const files = [await stuck('first'), await stuck('second')];
    for (const file of files) await park(file);
    for (const file of files) await file.loosen();
    const task = await finished(await start('replay-parked', { queue }));
    expect(task).toMatchObject({ status: 'done', done: 2, total: 2, result: { queue, replayed: 2 } });
    await until(async () => files.every(({ exists }) => !exists));
    expect(await parked()).toEqual([]);
  });

  it('can be dropped: it is gone, and its effect never comes', async () => {
    const file = await stuck('dropped');
    const { id } = await park(file);
    await client.request('DELETE', `${parkedPath}/${id}`);
    expect(await parked()).toEqual([]);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 0 });
    expect(file.exists).toBe(true);
    expect(await refusal(client.request('DELETE', `${parkedPath}/${id}`))).toBe('404 admin.parked-message-not-found');
  });

  it('leaves what was done about it in the audit', async () => {
    const { items } = await client.get<{ items: AuditEvent[] }>('/api/admin/events?type=admin.parked.');
    expect(items.map(({ type, data }) => [type, data['queue']])).toEqual([
      ['admin.parked.dropped.v1', queue],
      ['admin.parked.replayed.v1', queue],
      ['admin.parked.replayed.v1', queue],
    ]);
    expect(items.every(({ actor }) => actor?.role === 'admin')).toBe(true);
  });
});

describe('the administration', () => {
  it('is for administrators', async () => {
    const response = await fetch(`${parley.url}/api/auth/sign-up`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'second@example.org', password: 'a password of mine' }),
    });
    const { accessToken } = (await response.json()) as { accessToken: string };
    const reads = ['instances', 'overview', 'queues', `queues/${queue}/parked`, 'events', 'events/export'];
    for (const path of [...reads, 'audit/head', 'usage', 'tasks']) {
      const plain = new Client(parley.url, accessToken);
      expect([path, await refusal(plain.get(`/api/admin/${path}`))]).toEqual([path, '403 platform.forbidden']);
      const nobody = await fetch(`${parley.url}/api/admin/${path}`);
      expect([path, nobody.status]).toEqual([path, 401]);
    }
    const plain = new Client(parley.url, accessToken);
    expect(await refusal(plain.post(`${parkedPath}/1/replay`))).toMatch(/^403/);
    expect(await refusal(plain.request('DELETE', `${parkedPath}/1`))).toMatch(/^403/);
    expect(await refusal(plain.post('/api/admin/tasks', { kind: 'rebuild-usage' }))).toMatch(/^403/);
  });

  it('knows every process, and that none is missing', async () => {
    type Instances = { modules: { name: string; alive: number }[]; items: { service: string; alive: boolean }[] };
    const { modules, items } = await client.get<Instances>('/api/admin/instances');
    expect(modules.filter(({ alive }) => alive === 0)).toEqual([]);
    expect(items.filter(({ alive }) => alive).map(({ service }) => service)).toEqual(parley.names.toSorted());
  });
});

describe('the audit', () => {
  const sealedExport = async () => {
    const headers = { authorization: `Bearer ${client.token}` };
    const response = await fetch(`${parley.url}/api/admin/events/export`, { headers });
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="parley-audit-.*\.ndjson"$/);
    return response.text();
  };
  const env = async (): Promise<Record<string, string>> => ({
    ...{ PATH: process.env['PATH'] ?? '', DATA_DIR: parley.dataDir },
    ...(split && (await backboneOf(parley.dataDir)).env),
  });
  /** `npm run audit:verify` */
  const verify = async (...args: string[]) => {
    const child = spawn(nodeBinary, [main, '--verify-audit', ...args], { env: await env() });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output };
  };

  it('holds as an exported file without any server, and a row of it that was tampered with is found', async () => {
    const text = await sealedExport();
    const file = join(parley.dataDir, 'audit.ndjson');
    await writeFile(file, text);
    expect(await verify(file)).toMatchObject({ code: 0 });
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.includes('"type":"explore.model.removed.v1"'));
    const { position } = JSON.parse(lines[at]!) as { position: string };
    lines[at] = lines[at]!.replace('explore.model.removed.v1', 'explore.model.renamed.v1');
    await writeFile(file, lines.join('\n'));
    const verdict = await verify(file);
    expect(verdict.code).toBe(1);
    expect(verdict.output).toContain(`BROKEN at position ${position},`);
  });

  it('holds in the database, and a row of it that was tampered with is found, by a task as well', async () => {
    expect(await finished(await start('verify-audit'))).toMatchObject({ status: 'done' });
    await parley.kill('SIGTERM');
    const good = await verify();
    expect(good).toMatchObject({ code: 0 });

    const db = await Database.connect(loadConfig(await env()).database.url);
    await db.query('ALTER TABLE platform.events DISABLE TRIGGER ALL');
    const [row] = await db.query<{ position: string }>(
      `UPDATE platform.events SET data = data || '{"queue": "another.one"}' WHERE type = 'admin.parked.dropped.v1'
       RETURNING position::text AS position`,
      [],
    );
    await db.query('ALTER TABLE platform.events ENABLE TRIGGER ALL');
    await db.close();

    const bad = await verify();
    expect(bad.code).toBe(1);
    expect(bad.output).toContain(`BROKEN at position ${row!.position},`);
    ({ parley, client } = await startTiny({ dataDir: parley.dataDir }));
    expect(await finished(await start('verify-audit'))).toMatchObject({
      status: 'failed',
      error: { code: 'admin.audit-broken' },
      result: { position: row!.position },
    });
  });
});
