import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Client, Reader } from '../support/client.js';
import { admin, apiKey, nodeBinary, Parley } from '../support/parley.js';
import { backboneOf, split } from '../support/topology.js';
import { prepareDataDir, startTiny, until } from '../support/tiny-server.js';

const main = join(import.meta.dirname, '../../dist/src/main.js');
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Runs a server that is expected not to start. */
async function fails(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const child = spawn(nodeBinary, [main], {
    env: { PATH: process.env['PATH'], LOG_FORMAT: 'json', PORT: '0', ...env },
  });
  let output = '';
  child.stdout.on('data', (data) => (output += String(data)));
  child.stderr.on('data', (data) => (output += String(data)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

describe('starting', () => {
  it('names every wrong setting and ends with 78', async () => {
    const { code, output } = await fails({ PORT: 'http', DATABASE_URL: 'mysql://x', AUTH_ADMIN_EMAIL: 'nobody' });
    expect(code).toBe(78);
    for (const variable of ['PORT', 'DATABASE_URL', 'AUTH_ADMIN_EMAIL']) expect(output).toContain(variable);
  });

  it('leaves no lock behind when a setting turns out to be wrong after the database was begun with', async () => {
    const dataDir = await prepareDataDir();
    folders.push(dataDir);
    const { code, output } = await fails({ DATA_DIR: dataDir, PARLEY_MODULES: 'chatter' });
    expect(code).toBe(78);
    expect(output).toContain('chatter');
    expect(existsSync(join(dataDir, 'db.lock'))).toBe(false);
  });

  it.skipIf(split)('refuses a database folder that another process works on, which goes on', async () => {
    const { parley } = await startTiny();
    const { code, output } = await fails({ DATA_DIR: parley.dataDir });
    expect(code).toBe(1);
    expect(output).toContain('platform.database-in-use');
    expect((await fetch(`${parley.url}/readyz`)).status).toBe(200);
    await parley.dispose();
  });

  it.skipIf(split)('may be ended in the middle, and leaves the database to the next start', async () => {
    const dataDir = await prepareDataDir();
    folders.push(dataDir);
    const env = { PATH: process.env['PATH'], LOG_FORMAT: 'json', PORT: '0', DATA_DIR: dataDir };
    const child = spawn(nodeBinary, [main], { env, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await until(async () => existsSync(join(dataDir, 'db.lock')));
    child.kill('SIGTERM');
    await ended;
    const { parley } = await startTiny({ dataDir });
    expect((await fetch(`${parley.url}/readyz`)).status).toBe(200);
    await parley.kill('SIGTERM');
  });

  it('makes the first administrator and key once, and takes a disabled model for what it is', async () => {
    const dataDir = await prepareDataDir();
    folders.push(dataDir);
    for (let start = 0; start < 2; start++) {
      const { parley, client } = await startTiny({ dataDir });
      const signIn = await fetch(`${parley.url}/api/auth/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(admin),
      });
      expect(await signIn.json()).toMatchObject({ user: { email: admin.email, role: 'admin' } });
      expect(await client.get('/api/models')).toMatchObject({ items: [{ id: 'tiny', default: true }] });
      expect((await parley.kill('SIGTERM')).code).toBe(0);
    }
  });

  it('starts without any model and says so', async () => {
    const dataDir = await prepareDataDir();
    folders.push(dataDir);
    const parley = await Parley.start({ dataDir, env: { EXPLORE_AUTO_INSTALL: 'false' } });
    const client = new Client(parley.url, apiKey);
    const { id } = await client.start();
    const { answer } = await client.send(id, { text: 'Anybody there?' });
    const reader = await new Reader().read(async () => client, answer);
    expect(reader.done).toMatchObject({ status: 'failed', error: { code: 'inference.no-model' } });
    await parley.kill('SIGTERM');
  });
});

describe('ending', () => {
  it('hands a running answer over to the next start, without gap or repeat', async () => {
    const dataDir = await prepareDataDir({ kind: 'random', width: 256, layers: 4 });
    folders.push(dataDir);
    const env = { SHUTDOWN_GRACE_MS: '0', INFERENCE_GROUP_COMMIT_MS: '5' };
    let server = await startTiny({ dataDir, env });
    const { id } = await server.client.start();
    const { answer } = await server.client.send(id, { text: 'Go on', sampler: { temperature: 0, maxTokens: 900 } });
    const reader = new Reader();
    const reading = reader.read(async () => server.client, answer);
    await until(async () => reader.lastId > 2);
    const ended = await server.parley.kill('SIGTERM');
    server = await startTiny({ dataDir, env });
    await reading;
    expect(ended.code).toBe(0);
    expect(reader.breaches).toEqual([]);
    const stored = await until(async () => {
      const { messages } = await server.client.conversation(id);
      return messages.find((message) => message.id === answer.id && message.status === 'complete');
    });
    expect(stored.text).toBe(reader.text);
    expect(stored.metadata).toMatchObject({ completionTokens: 900 });
    await server.parley.kill('SIGTERM');
  });

  it('rebuilds the read models from the events to what they were', async () => {
    const dataDir = await prepareDataDir();
    folders.push(dataDir);
    let server = await startTiny({ dataDir });
    const { id } = await server.client.start();
    const { answer } = await server.client.send(id, { text: 'Remember me' });
    await new Reader().read(async () => server.client, answer);
    const before = await until(async () => {
      const conversation = await server.client.conversation(id);
      return conversation.messages.every((message) => message.status !== 'pending') && conversation;
    });
    await server.parley.kill('SIGTERM');
    const env = {
      ...{ PATH: process.env['PATH'], DATA_DIR: dataDir, EXPLORE_AUTO_INSTALL: 'false' },
      ...(split && (await backboneOf(dataDir)).env),
    };
    const rebuild = spawn(nodeBinary, [main, '--rebuild-projections'], { env });
    expect(await new Promise((resolve) => rebuild.once('exit', resolve))).toBe(0);
    server = await startTiny({ dataDir });
    expect(await server.client.conversation(id)).toEqual(before);
    await server.parley.kill('SIGTERM');
  });
});
