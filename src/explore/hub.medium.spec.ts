import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageBus } from '@app/messaging';
import { type FakeHub, freshFolder, type HubAnswer, serveBytes, startFakeHub, writeTinyGguf } from '@app/testing';
import type { TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  InstallHubFile,
  ListHubFiles,
  ListInstalledModels,
  SearchCatalogue,
  StreamInstall,
} from './contracts/index.js';
import { startExplore } from './explore.fixture.js';

const repo = 'Someone/Tiny-GGUF';
let dataDir: string;
let hub: FakeHub;
let module: TestingModule;
let bus: MessageBus;
let model: Buffer;
let normal: HubAnswer;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-hub-'));
  await mkdir(join(dataDir, 'made'));
  await writeTinyGguf(join(dataDir, 'made', 'one.gguf'));
  model = await readFile(join(dataDir, 'made', 'one.gguf'));
  const oid = createHash('sha256').update(model).digest('hex');
  const file = (path: string, size = model.length) => ({ type: 'file', path, size, lfs: { oid, size } });
  const tree = [
    { type: 'directory', path: 'sub' },
    { type: 'file', path: 'README.md', size: 10 },
    file('Tiny.Q8_0.gguf', 10_000_000),
    file('Tiny-Q4_K_M.gguf'),
    file('mmproj-Tiny-F16.gguf'),
    file('Big-00001-of-00002.gguf'),
    file('../../etc/passwd.gguf'),
  ];
  normal = (request, response) => {
    if (!request.url?.startsWith('/api/')) return serveBytes(model)(request, response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(tree));
  };
  hub = await startFakeHub(normal);
  await freshFolder(join(dataDir, 'db'));
  module = await startExplore({
    DATA_DIR: dataDir,
    HF_ENDPOINT: hub.url,
    HF_TOKEN: 'hf_secret',
    EXPLORE_SOURCES: 'huggingface',
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
  hub.respond(normal);
});

describe('a repository of the hub', () => {
  it('lists the models that are one file, smallest first, with the token sent to the hub', async () => {
    const { items } = await bus.query(new ListHubFiles({ repo }));
    expect(items.map(({ file, quantization }) => [file, quantization])).toEqual([
      ['Tiny-Q4_K_M.gguf', 'Q4_K_M'],
      ['Tiny.Q8_0.gguf', 'Q8_0'],
    ]);
    expect(hub.requests.at(-1)?.headers.authorization).toBe('Bearer hf_secret');
  });

  it('has a file installed, which then stands in the catalogue', async () => {
    const install = await bus.execute(new InstallHubFile({ repo, file: 'Tiny-Q4_K_M.gguf' }));
    let last = install.status;
    for await (const { status } of bus.stream(new StreamInstall({ installId: install.id }))) last = status;
    expect(last).toBe('installed');
    expect((await bus.query(new ListInstalledModels({}))).items).toMatchObject([{ id: 'tiny-q4_k_m' }]);
    const { items } = await bus.query(new SearchCatalogue({ q: 'tiny someone', installed: true }));
    expect(items).toMatchObject([{ name: 'Tiny (Q4_K_M)', publisher: 'Someone', installedAs: 'tiny-q4_k_m' }]);
    expect((await bus.query(new ListHubFiles({ repo }))).items[0]).toMatchObject({ installed: true });
  });

  it('installs no file that it does not have', async () => {
    await expect(bus.execute(new InstallHubFile({ repo, file: 'other.gguf' }))).rejects.toMatchObject({
      code: 'explore.not-found',
    });
  });

  const status =
    (code: number, headers: Record<string, string> = {}): HubAnswer =>
    (_, response) =>
      response.writeHead(code, headers).end();
  it.each<[string, string, HubAnswer]>([
    ['401', 'explore.gated', status(401)],
    ['404', 'explore.not-found', status(404)],
    ['429', 'explore.rate-limited', status(429, { 'retry-after': '0' })],
    ['503', 'explore.source-unavailable', status(503)],
    ['a redirect loop', 'explore.source-unavailable', status(302, { location: '/api/again' })],
    ['a redirect to another host', 'explore.source-unavailable', status(302, { location: 'http://169.254.169.254/' })],
    ['a web page', 'explore.source-unavailable', (_, response) => response.end('<html></html>')],
    ['another shape', 'explore.source-unavailable', (_, response) => response.end('{"items":[]}')],
    ['a cut connection', 'explore.source-unavailable', (_, response) => response.destroy()],
    ['an endless answer', 'explore.source-unavailable', (_, response) => response.end(' '.repeat(5 * 1024 * 1024))],
  ])('tells of %s as %s', async (_, code, answer) => {
    hub.respond(answer);
    await expect(bus.query(new ListHubFiles({ repo }))).rejects.toMatchObject({ code });
  });

  it.each(['../x', 'a/..', 'a/b/c', 'a', 'a/b?x'])('has no name like %s', (name) =>
    expect(ListHubFiles.schema.safeParse({ repo: name }).success).toBe(false),
  );
});
