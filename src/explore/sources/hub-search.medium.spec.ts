import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageBus } from '@app/messaging';
import { Database } from '@app/persistence';
import { type FakeHub, freshFolder, type HubAnswer, startFakeHub } from '@app/testing';
import type { TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GetHubCard, GetHubModel, SearchCatalogue, SearchHub } from '../contracts/index.js';
import { startExplore } from '../explore.fixture.js';

const repo = 'Qwen/Qwen3-4B-GGUF';
let dataDir: string;
let hub: FakeHub;
let module: TestingModule;
let bus: MessageBus;
/** Searches that were not made before, so that none is answered from memory. */
let times = 0;
const fresh = () => `q${times++}`;

const model = (id: string, more: Record<string, unknown> = {}) => ({ _id: 'x', id, downloads: 5, likes: 2, ...more });
const told = {
  ...{ author: 'Qwen', lastModified: '2026-05-01T10:00:00.000Z', gated: 'manual', trendingScore: 3 },
  tags: [
    'gguf',
    'en',
    'de',
    'xx',
    'text-generation',
    'license:apache-2.0',
    'base_model:quantized:Qwen/Qwen3-4B',
    'region:us',
  ],
  gguf: { total: 4_022_468_096, architecture: 'qwen3', context_length: 40_960, chat_template: '{{ x }}' },
};
const json =
  (value: unknown, headers: Record<string, string> = {}): HubAnswer =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
const status =
  (code: number, headers: Record<string, string> = {}): HubAnswer =>
  (_, response) =>
    response.writeHead(code, headers).end();
const lastQuery = () => new URL(hub.requests.at(-1)!.url, hub.url).searchParams;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-hub-search-'));
  hub = await startFakeHub(json([]));
  await freshFolder(join(dataDir, 'db'));
  module = await startExplore({
    ...{ DATA_DIR: dataDir, HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_secret', EXPLORE_SOURCES: 'huggingface' },
    EXPLORE_AUTO_INSTALL: 'false',
  });
  bus = module.get(MessageBus, { strict: false });
}, 60_000);
afterAll(async () => {
  await module.close();
  await hub[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(() => {
  hub.respond(json([model(repo, told), model('Someone/Bare')]));
});

describe('a search at the hub', () => {
  it('tells what the hub tells, in the words of the catalogue, and which of it stands there', async () => {
    const { items, nextCursor } = await bus.query(new SearchHub({ q: fresh(), limit: 10 }));
    expect(nextCursor).toBeNull();
    expect(items).toEqual([
      {
        ...{ repository: repo, author: 'Qwen', name: 'Qwen3-4B-GGUF', license: 'apache-2.0', downloads: 5, likes: 2 },
        ...{ updatedAt: '2026-05-01T10:00:00.000Z', gated: true, languages: ['en', 'de'], baseModel: 'Qwen/Qwen3-4B' },
        ...{ formats: ['gguf'], parameters: 4_022_468_096, contextLength: 40_960, entryId: `hf:${repo}` },
      },
      {
        ...{ repository: 'Someone/Bare', author: 'Someone', name: 'Bare', license: null, downloads: 5, likes: 2 },
        ...{ updatedAt: null, gated: false, languages: [], baseModel: null, formats: [], parameters: null },
        ...{ contextLength: null, entryId: null },
      },
    ]);
    expect(Object.fromEntries(lastQuery())).toMatchObject({
      filter: 'gguf',
      sort: 'downloads',
      direction: '-1',
      limit: '10',
    });
    expect(hub.requests.at(-1)?.headers.authorization).toBe('Bearer hf_secret');
  });

  it('asks by kind and order', async () => {
    await bus.query(new SearchHub({ q: fresh(), kind: 'adapter', sort: 'updated' }));
    expect(Object.fromEntries(lastQuery())).toMatchObject({ filter: 'peft', sort: 'lastModified' });
  });

  it('goes on by pages, with a cursor that is good for this search alone', async () => {
    const q = fresh();
    const link = `<https://elsewhere.example/api/models?cursor=a%2Bb.c%3D&limit=1>; rel="next"`;
    hub.respond(json([model(repo)], { link }));
    const { nextCursor } = await bus.query(new SearchHub({ q, limit: 1 }));
    hub.respond(json([model('Someone/Other')]));
    const next = await bus.query(new SearchHub({ q, limit: 1, cursor: nextCursor! }));
    expect(next).toMatchObject({ items: [{ repository: 'Someone/Other' }], nextCursor: null });
    expect(lastQuery().get('cursor')).toBe('a+b.c=');
    for (const [other, cursor] of [
      ['other', nextCursor!],
      [q, 'x'],
      [q, nextCursor!.slice(0, 13)],
    ] as const)
      await expect(bus.query(new SearchHub({ q: other, limit: 1, cursor }))).rejects.toMatchObject({
        code: 'explore.bad-cursor',
      });
  });

  it('is asked once for a while', async () => {
    const q = fresh();
    await bus.query(new SearchHub({ q }));
    const asked = hub.requests.length;
    await bus.query(new SearchHub({ q }));
    expect(hub.requests).toHaveLength(asked);
  });

  it('leaves out what has no name that can be asked for, and does not mind odd fields', async () => {
    hub.respond(
      json([model('gpt2'), model('a/../b'), model(repo, { likes: 'many', gguf: 7, tags: null, lastModified: 'soon' })]),
    );
    const { items } = await bus.query(new SearchHub({ q: fresh() }));
    expect(items).toMatchObject([{ repository: repo, likes: 0, parameters: null, updatedAt: null }]);
  });

  it.each<[string, string, HubAnswer]>([
    ['401', 'explore.gated', status(401)],
    ['404', 'explore.not-found', status(404)],
    ['429', 'explore.rate-limited', status(429, { 'retry-after': '0' })],
    ['503', 'explore.source-unavailable', status(503)],
    ['a redirect loop', 'explore.source-unavailable', status(302, { location: '/api/again' })],
    ['a redirect to another host', 'explore.source-unavailable', status(302, { location: 'https://example.org/' })],
    ['a web page', 'explore.source-unavailable', (_, response) => response.end('<html></html>')],
    ['another shape', 'explore.source-unavailable', json({ error: 'no' })],
    ['a cut connection', 'explore.source-unavailable', (_, response) => response.destroy()],
  ])('is told of %s as %s, and the catalogue of this server goes on', async (_, code, answer) => {
    hub.respond(answer);
    await expect(bus.query(new SearchHub({ q: fresh() }))).rejects.toMatchObject({ code });
    expect((await bus.query(new SearchCatalogue({ q: 'qwen' }))).total).toBeGreaterThan(2);
  });
});

describe('a repository of the hub', () => {
  const forget = () => module.get(Database, { strict: false }).query(`DELETE FROM explore.hub_answers`);
  const digest = 'a'.repeat(64);
  const tree = [{ type: 'file', path: 'Tiny-Q4_K_M.gguf', size: 5, lfs: { oid: digest, size: 2 ** 40 } }];
  const normal: HubAnswer = (request, response) => {
    if (request.url!.includes('/tree/')) json(tree)(request, response);
    else if (request.url!.startsWith('/api/')) json(model(repo, told))(request, response);
    else if (request.url!.endsWith('/README.md')) response.end('# Tiny\n![](a.png)');
    else status(404)(request, response);
  };
  beforeEach(async () => {
    await forget();
    hub.respond(normal);
  });

  it('is shown with its files, each judged, and its card', async () => {
    const details = await bus.query(new GetHubModel({ repo }));
    expect(details).toMatchObject({
      ...{ repository: repo, license: 'apache-2.0', url: `${hub.url}/${repo}` },
      files: { problem: null, items: [{ file: 'Tiny-Q4_K_M.gguf', digest, fit: { verdict: 'too-large' } }] },
    });
    expect(await bus.query(new GetHubCard({ repo }))).toMatchObject({
      markdown: '# Tiny\n![](a.png)',
      pictures: [{ src: 'a.png', url: expect.stringMatching(`^/api/explore/hub/models/${repo}/pictures/`) as string }],
    });
  });

  it('is shown without its files when only they cannot be had', async () => {
    hub.respond((request, response) =>
      request.url!.includes('/tree/') ? status(503)(request, response) : normal(request, response),
    );
    expect(await bus.query(new GetHubModel({ repo }))).toMatchObject({
      repository: repo,
      files: { items: [], problem: { code: 'explore.source-unavailable' } },
    });
  });

  it('that is not there is not found', async () => {
    hub.respond(status(404));
    await expect(bus.query(new GetHubModel({ repo }))).rejects.toMatchObject({ code: 'explore.not-found' });
  });
});

describe('a server that may not ask the hub', () => {
  it('says so, and sends nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-hub-off-'));
    await freshFolder(join(folder, 'db'));
    const off = await startExplore({
      DATA_DIR: folder,
      HF_ENDPOINT: hub.url,
      EXPLORE_SOURCES: 'folder',
      EXPLORE_AUTO_INSTALL: 'false',
    });
    const asked = hub.requests.length;
    const offBus = off.get(MessageBus, { strict: false });
    for (const query of [new SearchHub({}), new GetHubModel({ repo }), new GetHubCard({ repo })])
      await expect(offBus.query(query)).rejects.toMatchObject({ code: 'explore.hub-off' });
    expect(hub.requests).toHaveLength(asked);
    await off.close();
    await rm(folder, { recursive: true, force: true });
  });
});
