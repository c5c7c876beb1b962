import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageBus } from '@app/messaging';
import { Database, EventStore } from '@app/persistence';
import { type FakeHub, freshFolder, serveBytes, startFakeHub, writeTinyGguf } from '@app/testing';
import type { TestingModule } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CancelInstall,
  type InstallView,
  InstallModel,
  ListCatalogue,
  ListInstalledModels,
  ListInstalls,
  RemoveModel,
  ResumeInstall,
  SetDefaultModel,
  StreamInstall,
  SearchCatalogue,
} from './contracts/index.js';
import { builtInCatalogue } from './catalogue/built-in.js';
import type { CatalogueEntry } from './domain/catalogue.js';
import { startExplore } from './explore.fixture.js';

let made: string;
let model: Buffer;
let other: Buffer;
let dataDir: string;
let modelsDir: string;
let hub: FakeHub;
let module: TestingModule;
let bus: MessageBus;
// The catalogue is a constant of the product; the suite puts its own entries beside what is there.
const catalogue = builtInCatalogue as CatalogueEntry[];
const own: CatalogueEntry[] = [];

beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), 'parley-models-'));
  await writeTinyGguf(join(made, 'one.gguf'));
  await writeTinyGguf(join(made, 'two.gguf'), { name: 'another', words: [' Good', ' day'] });
  model = await readFile(join(made, 'one.gguf'));
  other = await readFile(join(made, 'two.gguf'));
  own.push(entryOf('tiny', model), entryOf('other', other));
  catalogue.push(...own);
});
afterAll(async () => {
  catalogue.splice(catalogue.length - own.length);
  await rm(made, { recursive: true, force: true });
});

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-explore-'));
  modelsDir = join(dataDir, 'models');
  await freshFolder(join(dataDir, 'db'));
  hub = await startFakeHub((request, response) =>
    serveBytes(request.url?.includes('/other/') ? other : model)(request, response),
  );
});
afterEach(async () => {
  await module.close();
  await hub[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

function entryOf(id: string, bytes: Buffer): CatalogueEntry {
  return {
    id,
    name: id,
    description: 'A model of the suite.',
    license: 'MIT',
    parameters: 1,
    quantization: 'F32',
    contextLength: 2048,
    sizeBytes: bytes.length,
    digest: createHash('sha256').update(bytes).digest('hex'),
    sources: { huggingface: { repo: `someone/${id}`, file: 'model.gguf', revision: 'main' } },
  };
}

async function boot(env: Record<string, string> = {}): Promise<void> {
  module = await startExplore({
    DATA_DIR: dataDir,
    SHUTDOWN_GRACE_MS: '20',
    HF_ENDPOINT: hub.url,
    EXPLORE_SOURCES: 'folder,huggingface',
    EXPLORE_AUTO_INSTALL: 'false',
    INFERENCE_DEFAULT_MODEL: 'tiny',
    ...env,
  });
  bus = module.get(MessageBus, { strict: false });
}

const install = (catalogueId: string) => bus.execute(new InstallModel({ catalogueId }));
const models = async () => (await bus.query(new ListInstalledModels({}))).items;
const installs = async () => (await bus.query(new ListInstalls({}))).items;
const eventsOf = async (...types: string[]) =>
  (await module.get(EventStore, { strict: false }).readAll('0', 1000, types)).map(({ data }) => data);

/** Every state that a reader sees until the install is final. */
async function follow(installId: string): Promise<InstallView[]> {
  const seen: InstallView[] = [];
  for await (const view of bus.stream(new StreamInstall({ installId }))) seen.push(view);
  return seen;
}

async function installed(catalogueId: string): Promise<InstallView> {
  const final = (await follow((await install(catalogueId)).id)).at(-1);
  expect(final).toMatchObject({ status: 'installed', error: null });
  return final!;
}

/** Waits until some bytes of the model are here. */
async function someReceived(installId: string): Promise<void> {
  for await (const { receivedBytes } of bus.stream(new StreamInstall({ installId })))
    if (receivedBytes > 10_000) return;
}

/** Lets a hub hold its answer in the middle, until `open` is called. */
function halfway() {
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  let chunks = 0;
  hub.respond((request, response) => {
    const pause = () => {
      if (++chunks < 20) return Promise.resolve();
      reached.resolve();
      return gate.promise;
    };
    serveBytes(model, { pause })(request, response);
  });
  return { reached: reached.promise, open: () => gate.resolve() };
}

describe('an install', () => {
  it('ends with a model that is listed, is the default, and was announced', async () => {
    await boot();
    const final = await installed('tiny');
    expect(final).toMatchObject({ source: 'huggingface', receivedBytes: model.length, totalBytes: model.length });
    const [listed] = await models();
    expect(listed).toMatchObject({
      id: 'tiny',
      architecture: 'llama',
      contextLength: 2048,
      license: 'MIT',
      default: true,
    });
    expect(model.equals(await readFile(join(modelsDir, `${listed?.digest}.gguf`)))).toBe(true);
    expect(await eventsOf('explore.model.installed.v1')).toEqual([
      expect.objectContaining({ modelId: 'tiny', digest: listed?.digest, default: true }),
    ]);
    const { items } = await bus.query(new ListCatalogue({}));
    expect(items.find(({ id }) => id === 'tiny')).toMatchObject({ installed: true, default: true, install: final });
    expect(items.find(({ id }) => id === 'other')).toMatchObject({ installed: false, install: null });
  });

  it('is seen live by every reader, from its state now to its end', async () => {
    await boot();
    const half = halfway();
    const { id } = await install('tiny');
    await half.reached;
    const readers = [follow(id), follow(id)];
    half.open();
    for (const seen of await Promise.all(readers)) {
      expect(seen.at(-1)?.status).toBe('installed');
      const bytes = seen.map(({ receivedBytes }) => receivedBytes);
      expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
    }
    expect((await follow(id)).map(({ status }) => status)).toEqual(['installed']);
  });

  it('is one when two are asked for at once', async () => {
    await boot();
    const half = halfway();
    const [one, two] = await Promise.all([install('tiny'), install('tiny')]);
    await half.reached;
    const three = await install('tiny');
    expect(new Set([one.id, two.id, three.id]).size).toBe(1);
    half.open();
    await follow(one.id);
    expect(hub.requests).toHaveLength(1);
    expect(await install('tiny')).toMatchObject({ id: one.id, status: 'installed' });
    expect(await installs()).toHaveLength(1);
  });

  it('can be cancelled and resumed with what it had', async () => {
    await boot();
    const half = halfway();
    const { id } = await install('tiny');
    await half.reached;
    await someReceived(id);
    const reader = follow(id);
    expect(await bus.execute(new CancelInstall({ installId: id }))).toMatchObject({ status: 'cancelled' });
    expect((await reader).at(-1)?.status).toBe('cancelled');
    expect(await models()).toEqual([]);
    hub.respond(serveBytes(model));
    await bus.execute(new ResumeInstall({ installId: id }));
    expect((await follow(id)).at(-1)?.status).toBe('installed');
    expect(hub.requests.at(-1)?.headers.range).toMatch(/^bytes=\d{4,}-$/);
    await expect(bus.execute(new CancelInstall({ installId: id }))).rejects.toMatchObject({
      code: 'explore.install-finished',
    });
  });

  it('that the server was stopped in is taken up again at the next start', async () => {
    await boot();
    const half = halfway();
    const { id } = await install('tiny');
    await half.reached;
    await someReceived(id);
    await module.close();
    hub.respond(serveBytes(model));
    await boot();
    expect((await follow(id)).at(-1)?.status).toBe('installed');
    expect(hub.requests).toHaveLength(2);
    expect(hub.requests[1]?.headers.range).toMatch(/^bytes=\d{4,}-$/);
    expect(await eventsOf('explore.model.installed.v1')).toHaveLength(1);
  });

  it('that fails says why, and can be asked for again', async () => {
    await boot();
    hub.respond((_, response) => response.writeHead(401).end());
    const failed = (await follow((await install('tiny')).id)).at(-1);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'explore.gated' } });
    expect(failed?.error?.message).toContain('HF_TOKEN');
    expect(await eventsOf('explore.install.failed.v1')).toEqual([
      expect.objectContaining({ installId: failed?.id, catalogueId: 'tiny', code: 'explore.gated' }),
    ]);
    hub.respond(serveBytes(model));
    await installed('tiny');
  });

  it('of an unknown model is refused', async () => {
    await boot();
    await expect(install('nothing')).rejects.toMatchObject({ code: 'explore.unknown-catalogue-entry' });
    await expect(install('folder:../../etc/passwd.gguf')).rejects.toMatchObject({
      code: 'explore.unknown-catalogue-entry',
    });
  });
});

describe('the model folder', () => {
  it('offers any valid model, and installs it under the name of its file', async () => {
    const folder = join(dataDir, 'folder');
    await mkdir(folder);
    await copyFile(join(made, 'two.gguf'), join(folder, 'My Own.gguf'));
    await writeFile(join(folder, 'broken.gguf'), 'GGUF?');
    await boot({ EXPLORE_MODEL_FOLDER: folder });
    const { items } = await bus.query(new ListCatalogue({}));
    expect(items.filter(({ id }) => id.startsWith('folder:'))).toEqual([
      expect.objectContaining({ id: 'folder:My Own.gguf', name: 'another', digest: null, sources: ['folder'] }),
    ]);
    const { items: listed } = await bus.query(new SearchCatalogue(SearchCatalogue.schema.parse({ q: 'another' })));
    // Its header was read to offer it: nothing of that is estimated.
    expect(listed).toMatchObject([{ id: 'folder:My Own.gguf', fit: { parts: { exact: true } } }]);
    await installed('folder:My Own.gguf');
    expect(await models()).toEqual([expect.objectContaining({ id: 'my-own', digest: own[1]?.digest })]);
    expect(hub.requests).toEqual([]);
    expect((await bus.query(new ListCatalogue({}))).items.find(({ id }) => id === 'folder:My Own.gguf')).toMatchObject({
      installed: true,
    });
  });
});

describe('installed models', () => {
  it('have one default, which can be changed', async () => {
    await boot();
    await installed('tiny');
    await installed('other');
    expect((await models()).map(({ id, default: chosen }) => [id, chosen])).toEqual([
      ['tiny', true],
      ['other', false],
    ]);
    await bus.execute(new SetDefaultModel({ modelId: 'other' }));
    expect((await models()).filter((listed) => listed.default).map(({ id }) => id)).toEqual(['other']);
    expect(await eventsOf('explore.default-model.changed.v1')).toEqual([{ modelId: 'other' }]);
    await expect(bus.execute(new SetDefaultModel({ modelId: 'nothing' }))).rejects.toMatchObject({
      code: 'explore.model-not-found',
    });
  });

  it('can be removed with their file; another one becomes the default', async () => {
    await boot();
    await installed('tiny');
    await installed('other');
    await bus.execute(new RemoveModel({ modelId: 'tiny' }));
    expect(await models()).toEqual([expect.objectContaining({ id: 'other', default: true })]);
    await vi.waitFor(async () => expect(await readdir(modelsDir)).not.toContain(`${own[0]?.digest}.gguf`), 15_000);
    expect(await eventsOf('explore.model.removed.v1', 'explore.default-model.changed.v1')).toEqual([
      { modelId: 'tiny', digest: own[0]?.digest },
      { modelId: 'other' },
    ]);
    await installed('tiny');
    expect(await models()).toHaveLength(2);
  });
});

describe('the first start', () => {
  const finished = () => vi.waitFor(async () => expect((await installs())[0]?.status).toBe('installed'), 10_000);

  it('installs the default model by itself', async () => {
    await boot({ EXPLORE_AUTO_INSTALL: 'true' });
    await finished();
    expect(await models()).toEqual([expect.objectContaining({ id: 'tiny', default: true })]);
  });

  it('tries again what failed, and goes on without it', async () => {
    hub.respond((_, response) => response.writeHead(404).end());
    await boot({ EXPLORE_AUTO_INSTALL: 'true' });
    await vi.waitFor(async () => expect((await installs())[0]?.status).toBe('failed'), 10_000);
    await module.close();
    hub.respond(serveBytes(model));
    await boot({ EXPLORE_AUTO_INSTALL: 'true' });
    await finished();
  });

  it('leaves alone what a person removed', async () => {
    await boot();
    await installed('tiny');
    await bus.execute(new RemoveModel({ modelId: 'tiny' }));
    await module.close();
    await boot({ EXPLORE_AUTO_INSTALL: 'true' });
    expect(await models()).toEqual([]);
    expect(await installs()).toHaveLength(1);
  });

  it('takes a model off the list whose file is gone, and brings the default back', async () => {
    await boot();
    await installed('tiny');
    await module.close();
    await rm(join(modelsDir, `${own[0]?.digest}.gguf`));
    await boot();
    expect(await models()).toEqual([]);
    expect(await eventsOf('explore.model.removed.v1')).toHaveLength(1);
    await module.close();
    await boot({ EXPLORE_AUTO_INSTALL: 'true' });
    await finished();
    expect(await models()).toEqual([expect.objectContaining({ id: 'tiny', default: true })]);
  });

  it('does not mind a default model that the catalogue does not know', async () => {
    await boot({ EXPLORE_AUTO_INSTALL: 'true', INFERENCE_DEFAULT_MODEL: 'gpt-of-an-upstream' });
    expect(await installs()).toEqual([]);
    expect(await module.get(Database, { strict: false }).query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
