import { type FakeHub, startFakeHub } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CardView, HubModelDetails, HubModelPage, EntryFileList } from '../../src/explore/contracts/index.js';
import type { z } from 'zod';
import type { Client } from '../support/client.js';
import { apiKey } from '../support/parley.js';
import { startTiny, type TinyServer } from '../support/tiny-server.js';

const repo = 'Qwen/Qwen3-4B-GGUF';
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
let hub: FakeHub;
let server: TinyServer;
let client: Client;

beforeAll(async () => {
  const model = { id: repo, downloads: 7, likes: 3, gated: false, tags: ['gguf', 'license:apache-2.0'] };
  const lfs = { oid: 'a'.repeat(64), size: 2 ** 45 };
  const json = (value: unknown) => ({ type: 'application/json', body: JSON.stringify(value) });
  hub = await startFakeHub((request, response) => {
    const path = request.url!.split('?')[0]!;
    const answers: Record<string, { type: string; body: string | Buffer }> = {
      '/api/models': json([model]),
      [`/api/models/${repo}`]: json(model),
      [`/api/models/${repo}/tree/main`]: json([{ type: 'file', path: 'Big-Q4_K_M.gguf', size: lfs.size, lfs }]),
      [`/${repo}/resolve/main/README.md`]: {
        type: 'text/plain',
        body: '---\nlicense: mit\n---\n# Big\n![logo](logo.png) ![bad](bad.png)',
      },
      [`/${repo}/resolve/main/logo.png`]: { type: 'text/html', body: png },
      [`/${repo}/resolve/main/bad.png`]: { type: 'image/png', body: '<svg onload="alert(1)"/>' },
    };
    const answer = answers[path];
    if (!answer) return void response.writeHead(404).end();
    response.setHeader('content-type', answer.type).end(answer.body);
  });
  server = await startTiny({ env: { EXPLORE_SOURCES: 'folder,huggingface', HF_ENDPOINT: hub.url } });
  ({ client } = server);
});
afterAll(async () => {
  await server.parley.dispose();
  await hub[Symbol.asyncDispose]();
});

const entryPath = `/api/explore/entries/${encodeURIComponent(`hf:${repo}`)}`;
const raw = (path: string, headers: Record<string, string> = { authorization: `Bearer ${apiKey}` }) =>
  fetch(client.url + path, { headers });

describe('before an install', () => {
  it('each file of an entry is judged for the machine that would answer', async () => {
    const { items } = await client.get<z.infer<typeof EntryFileList>>(`${entryPath}/files`);
    expect(items).toMatchObject([{ file: 'Big-Q4_K_M.gguf', engine: 'llama-cpp', fit: { verdict: 'too-large' } }]);
    expect(items[0]!.fit.haveBytes).toBeGreaterThan(0);
    // The engine's own model is here, and its header was read: the sum says what it takes.
    const own = await client.get<z.infer<typeof EntryFileList>>('/api/explore/entries/folder%3Atiny.gguf/files');
    expect(own.items).toMatchObject([
      { installed: true, chosen: true, fit: { diskNeedBytes: 0, parts: { exact: true } } },
    ]);
    expect(['fits', 'tight']).toContain(own.items[0]!.fit.verdict);
  });

  it('its card is read here, with pictures of this origin', async () => {
    const card = await client.get<CardView>(`${entryPath}/card`);
    expect(card).toMatchObject({ markdown: '# Big\n![logo](logo.png) ![bad](bad.png)', stale: false });
    const [logo, bad] = card.pictures;
    const picture = await raw(logo!.url);
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(picture.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(picture.headers.get('x-content-type-options')).toBe('nosniff');
    expect(Buffer.from(await picture.arrayBuffer())).toEqual(png);
    const refused = await raw(bad!.url);
    expect([refused.status, await refused.json()]).toMatchObject([404, { code: 'explore.not-a-picture' }]);
    expect((await raw(logo!.url, {})).status).toBe(401);
    expect((await raw(`${entryPath}/pictures/${'0'.repeat(64)}`)).status).toBe(404);
    expect((await raw(`${entryPath}/pictures/..%2f..%2fsecret`)).status).toBe(400);
  });

  it('the hub itself is searched, and a repository looked into', async () => {
    const { items } = await client.get<z.infer<typeof HubModelPage>>('/api/explore/hub/models?q=qwen&limit=5');
    expect(items).toMatchObject([{ repository: repo, license: 'apache-2.0', entryId: `hf:${repo}` }]);
    const details = await client.get<z.infer<typeof HubModelDetails>>(`/api/explore/hub/models/${repo}`);
    expect(details).toMatchObject({ url: `${hub.url}/${repo}`, files: { items: [{ file: 'Big-Q4_K_M.gguf' }] } });
    const card = await client.get<CardView>(`/api/explore/hub/models/${repo}/card`);
    expect((await raw(card.pictures[0]!.url)).headers.get('content-type')).toBe('image/png');
    expect((await raw('/api/explore/hub/models/..%2f/x')).status).toBe(400);
    expect((await raw('/api/explore/hub/models?kind=other')).status).toBe(400);
    expect((await raw('/api/explore/hub/models', {})).status).toBe(401);
  });
});
