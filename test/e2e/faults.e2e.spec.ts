import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeGguf } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogueEntryView } from '../../src/explore/contracts/index.js';
import { type Client, HttpError, Reader } from '../support/client.js';
import { startTiny, type TinyServer, until } from '../support/tiny-server.js';

let server: TinyServer;
let client: Client;
let offered: string;
let models: string;
beforeAll(async () => {
  server = await startTiny();
  client = server.client;
  offered = join(server.parley.dataDir, 'offered');
  models = join(server.parley.dataDir, 'models');
});
afterAll(() => server.parley.dispose());

const installed = () => readdirSync(models).filter((file) => file.endsWith('.gguf'));
const install = (catalogueId: string) =>
  client.post('/api/explore/installs', { catalogueId }).catch((error: HttpError) => error.body.code);
const ask = async () => {
  const { id } = await client.start();
  const { answer } = await client.send(id, { text: 'Hello?' });
  return (await new Reader().read(async () => client, answer)).done;
};

describe('a model file that is none', () => {
  const huge = Buffer.alloc(64);
  huge.write('GGUF');
  huge.writeUInt32LE(3, 4);
  huge.writeBigUInt64LE(0xffff_ffff_ffffn, 8);
  huge.writeBigUInt64LE(0xffff_ffff_ffffn, 16);

  it.each([
    ['text.gguf', Buffer.from('<!doctype html><title>Sign in</title>')],
    ['huge.gguf', huge],
    ['cut.gguf', encodeGguf({ 'general.architecture': { string: 'llama' } }, []).subarray(0, 40)],
    ['empty.gguf', Buffer.alloc(0)],
  ])('%s is neither offered nor installed', async (name, bytes) => {
    writeFileSync(join(offered, name), bytes);
    const { items } = await client.get<{ items: CatalogueEntryView[] }>('/api/explore/catalogue');
    expect(items.map((entry) => entry.id)).not.toContain(`folder:${name}`);
    expect(await install(`folder:${name}`)).toBe('explore.unknown-catalogue-entry');
    expect(installed()).toHaveLength(1);
  });

  it.each(['folder:../../etc/passwd', 'folder:/etc/passwd', 'folder:..%2f..%2fsecret.gguf'])(
    '%s leads nowhere',
    async (id) => expect(await install(id)).toBe('explore.unknown-catalogue-entry'),
  );
});

describe('a model file that was cut on disk after it was installed', () => {
  it('fails the answer with a code; the server and what is stored stay', async () => {
    expect(await ask()).toMatchObject({ status: 'complete' });
    await server.parley.kill('SIGKILL');
    const [file] = installed();
    server = await startTiny({ dataDir: server.parley.dataDir });
    client = server.client;
    truncateSync(join(models, file!), 5_000);
    const done = await ask();
    expect(done).toMatchObject({ status: 'failed', error: { code: expect.stringMatching(/^gguf\./) } });
    const { items } = await client.get<{ items: { title: string }[] }>('/api/conversations');
    expect(items).toHaveLength(2);
    expect((await fetch(`${server.parley.url}/readyz`)).status).toBe(200);
  });

  it('is taken off the list at the next start, and installed anew', async () => {
    await server.parley.kill('SIGTERM');
    rmSync(join(offered, 'huge.gguf'));
    server = await startTiny({ dataDir: server.parley.dataDir });
    client = server.client;
    // Whoever answers hears of both by events, which may come after the first question.
    expect(await until(async () => (await ask())?.status === 'complete')).toBe(true);
  });
});
