import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '@app/kernel';
import { readGgufAdapter } from '@app/lora';
import { type Actor, MessageBus, runAs } from '@app/messaging';
import { Database } from '@app/persistence';
import { ObjectStorage } from '@app/storage';
import { freshFolder, tinyAdapter, writeTinyGguf, zip } from '@app/testing';
import type { TestingModule } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type AdapterView,
  AddAdapterVersion,
  AddBrowserModel,
  AppendUpload,
  ChangeAdapter,
  CreateAdapter,
  CreateUpload,
  DeleteAdapter,
  DeleteUpload,
  GetAdapter,
  GetFile,
  GetUpload,
  InstallModel,
  ListAdapters,
  ListInstalledModels,
  LocateFile,
  ResolveAdapters,
} from './contracts/index.js';
import { startExplore } from './explore.fixture.js';
import { ModelFiles } from './persistence/model-files.js';

const owner: Actor = { userId: '019a0000-0000-7000-8000-000000000001', role: 'user' };
const stranger: Actor = { userId: '019a0000-0000-7000-8000-000000000002', role: 'user' };
const administrator: Actor = { userId: '019a0000-0000-7000-8000-000000000003', role: 'admin' };

let dataDir: string;
let module: TestingModule;
let bus: MessageBus;
let storage: ObjectStorage;
let base: string;

async function boot(env: Record<string, string> = {}): Promise<void> {
  module = await startExplore({
    DATA_DIR: dataDir,
    SHUTDOWN_GRACE_MS: '20',
    EXPLORE_SOURCES: 'folder',
    EXPLORE_MODEL_FOLDER: join(dataDir, 'folder'),
    EXPLORE_AUTO_INSTALL: 'false',
    ...env,
  });
  bus = module.get(MessageBus, { strict: false });
  storage = module.get(ObjectStorage, { strict: false });
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-adapters-'));
  await freshFolder(join(dataDir, 'db'));
  await mkdir(join(dataDir, 'folder'));
  await writeTinyGguf(join(dataDir, 'folder', 'tiny.gguf'), { kind: 'random' });
  await boot();
  await bus.execute(new InstallModel({ catalogueId: 'folder:tiny.gguf' }));
  base = await vi.waitFor(async () => {
    const [model] = (await bus.query(new ListInstalledModels({}))).items;
    return model!.digest;
  }, 20_000);
});
afterEach(async () => {
  await module.close();
  await rm(dataDir, { recursive: true, force: true });
});

const as = <T>(actor: Actor, work: () => Promise<T>) => runAs({ actor }, work);
const code = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing',
    (error: DomainError) => error.code,
  );

async function upload(bytes: Uint8Array, actor = owner, piece = 2 ** 20): Promise<string> {
  return as(actor, async () => {
    const { id } = await bus.execute(new CreateUpload({ fileName: 'x', sizeBytes: bytes.length }));
    for (let at = 0; at < bytes.length; at += piece) {
      const part = Buffer.from(bytes.subarray(at, at + piece)).toString('base64');
      await bus.execute(new AppendUpload({ uploadId: id, offset: at, bytes: part }));
    }
    return id;
  });
}

async function peftUploads(options: Parameters<typeof tinyAdapter>[0] = {}): Promise<string[]> {
  const { config, weights } = tinyAdapter(options);
  return [await upload(Buffer.from(config)), await upload(weights)];
}

const create = async (uploadIds: string[], more: Partial<CreateAdapter['data']> = {}, actor = owner) =>
  as(actor, () => bus.execute(new CreateAdapter({ name: 'Pirate', baseDigest: base, uploadIds, ...more })));

const ended = async ({ id }: { id: string }, actor = owner): Promise<AdapterView> =>
  vi.waitFor(async () => {
    const view = await as(actor, () => bus.query(new GetAdapter({ adapterId: id })));
    expect(['ready', 'failed']).toContain(view.versions[0]!.status);
    return view;
  }, 20_000);

const refusal = async (...files: Uint8Array[]) => {
  const ids: string[] = [];
  for (const bytes of files) ids.push(await upload(bytes));
  return (await ended(await create(ids))).versions[0]!.error?.code;
};

const stored = async () => (await storage.list('')).objects.map(({ key }) => key).filter((key) => key.includes('/'));

describe('uploads', () => {
  it('go on where they broke off, and take no piece twice', async () => {
    await as(owner, async () => {
      const { id: uploadId } = await bus.execute(new CreateUpload({ fileName: 'a', sizeBytes: 6 }));
      const append = (offset: number, text: string) =>
        bus.execute(new AppendUpload({ uploadId, offset, bytes: Buffer.from(text).toString('base64') }));
      expect(await append(0, 'abc')).toMatchObject({ receivedBytes: 3 });
      expect(await code(append(0, 'abc'))).toBe('explore.upload-offset');
      expect(await code(append(3, 'defg'))).toBe('explore.upload-too-large');
      const both = await Promise.all([code(append(3, 'def')), code(append(3, 'xyz'))]);
      expect(both.toSorted()).toEqual(['explore.upload-offset', 'nothing']);
      expect(await bus.query(new GetUpload({ uploadId }))).toMatchObject({ receivedBytes: 6, sizeBytes: 6 });
      expect(await stored()).toHaveLength(2);
      await bus.execute(new DeleteUpload({ uploadId }));
      expect(await stored()).toEqual([]);
    });
  });

  it('are no business of anybody else', async () => {
    const uploadId = await upload(Buffer.from('abc'));
    const work: (() => Promise<unknown>)[] = [
      () => bus.query(new GetUpload({ uploadId })),
      () => bus.execute(new DeleteUpload({ uploadId })),
      () => bus.execute(new AppendUpload({ uploadId, offset: 3, bytes: '' })),
      () => create([uploadId], {}, stranger),
    ];
    for (const one of work) expect(await code(as(stranger, one))).toBe('explore.upload-not-found');
  });

  it('have a largest size, a largest count and an end', async () => {
    await module.close();
    await boot({ EXPLORE_UPLOAD_MAX_MIB: '1', EXPLORE_UPLOADS_PER_USER: '2' });
    const make = (sizeBytes: number) => as(owner, () => bus.execute(new CreateUpload({ fileName: 'a', sizeBytes })));
    expect(await code(make(2 ** 20 + 1))).toBe('explore.upload-too-large');
    const { id } = await make(3);
    await upload(Buffer.from('abc'));
    expect(await code(make(3))).toBe('explore.too-many-uploads');
    const db = module.get(Database, { strict: false });
    await db.query(`UPDATE explore.uploads SET expires_at = now() - interval '1 second'`, []);
    expect(await code(as(owner, () => bus.query(new GetUpload({ uploadId: id }))))).toBe('explore.upload-not-found');
    await make(3);
    expect(await stored()).toEqual([]);
  });
});

describe('an adapter', () => {
  it('of PEFT becomes a GGUF file that is bound to its base, and its uploads are gone', async () => {
    const made = await create(await peftUploads(), { description: 'Arr.', license: 'MIT' });
    expect(made).toMatchObject({ mine: true, visibility: 'private', current: null, base: { digest: base } });
    const view = await ended(made);
    expect(view).toMatchObject({ current: 1, base: { modelId: 'tiny' }, browserBase: null });
    const [version] = view.versions;
    expect(version).toMatchObject({
      status: 'ready',
      progress: 1,
      rank: 4,
      scale: 2,
      madeFor: 'tests/tiny-random-llama',
    });
    const [file] = version!.files;
    expect(file).toMatchObject({
      encoding: 'gguf',
      url: expect.stringMatching(/^\/files\/[0-9a-f]{64}\/Pirate\.lora\.gguf\?/),
    });
    const key = `adapters/${version!.id}/${file!.sha256}.gguf`;
    await expect.poll(stored).toEqual([key]);
    const bytes = await readFile(storage.localPath(key)!);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(file!.sha256);
    const adapter = await readGgufAdapter({
      size: bytes.length,
      read: async (at, length) => bytes.subarray(at, at + length),
    });
    expect(adapter).toMatchObject({ architecture: 'llama', updates: { size: 8 } });
    expect(await readdir(join(dataDir, 'models', '.partial'))).toEqual([]);

    const resolved = await as(owner, () => bus.query(new ResolveAdapters({ adapters: [{ id: view.id }] })));
    expect(resolved.adapters).toEqual([
      { id: view.id, name: 'Pirate', version: 1, sha256: file!.sha256, sizeBytes: bytes.length, key, baseDigest: base },
    ]);
  });

  it('comes as one zip, or as the GGUF file itself', async () => {
    const { config, weights } = tinyAdapter();
    const packed = zip({
      'lora/adapter_config.json': config,
      'lora/adapter_model.safetensors': weights,
      'README.md': '#',
    });
    const one = await ended(await create([await upload(packed)]));
    expect(one.versions[0]).toMatchObject({ status: 'ready', error: null });
    const { sha256, url: _url } = one.versions[0]!.files[0]!;
    const gguf = await readFile(storage.localPath(`adapters/${one.versions[0]!.id}/${sha256}.gguf`)!);
    const two = await ended(await create([await upload(gguf)]));
    expect(two.versions[0]).toMatchObject({ status: 'ready', rank: 4, files: [{ sha256 }] });
  });

  it('that can run code, or is none, is refused by its content, and nothing of it stays', async () => {
    const { config, weights } = tinyAdapter();
    const pickle = Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(64)]);
    const text = Buffer.from(config);
    expect(await refusal(text, pickle)).toBe('explore.adapter-pickle');
    expect(await refusal(zip({ 'archive/data.pkl': 'x', 'archive/version': '3' }))).toBe('explore.adapter-pickle');
    expect(await refusal(zip({ 'adapter_config.json': config, 'adapter_model.bin': pickle }))).toBe(
      'explore.adapter-pickle',
    );
    expect(await refusal(zip({ 'adapter_config.json': config }))).toBe('explore.adapter-archive');
    expect(await refusal(zip({ '../adapter_config.json': config }))).toBe('explore.adapter-archive');
    expect(await refusal(Buffer.from('PK\x03\x04 and then nothing'))).toBe('explore.adapter-archive');
    expect(await refusal(text)).toBe('explore.adapter-files');
    expect(await refusal(text, text)).toBe('explore.adapter-files');
    expect(await refusal(Buffer.alloc(100))).toBe('explore.adapter-unknown-format');
    expect(await refusal(text, weights.subarray(0, -5))).toMatch(/^explore\.adapter-/);
    expect(await refusal(await readFile(join(dataDir, 'folder', 'tiny.gguf')))).toBe('explore.adapter-not-an-adapter');
    await expect.poll(stored).toEqual([]);
  }, 60_000);

  it('in a malicious archive is refused, however it lies about what it holds', async () => {
    const { config, weights } = tinyAdapter();
    const honest = zip({ 'adapter_config.json': config, 'adapter_model.safetensors': weights });
    /** Says another length of the first member, in the directory of the archive. */
    const lying = (bytes: number) => {
      const archive = Buffer.from(honest);
      archive.writeUInt32LE(bytes, archive.indexOf('PK\x01\x02') + 24);
      return archive;
    };
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`${at}.txt`, '']));
    const archives = [
      lying(10),
      lying(2 ** 20),
      lying(2 ** 32 - 16),
      zip({ 'adapter_config.json': Buffer.alloc(64 * 2 ** 20, ' '), 'adapter_model.safetensors': weights }),
      zip({ ...many, 'adapter_config.json': config, 'adapter_model.safetensors': weights }),
      zip({ '/adapter_config.json': config, '/adapter_model.safetensors': weights }),
      zip({ 'a/../../adapter_config.json': config, 'adapter_model.safetensors': weights }),
      zip({ 'a\\adapter_config.json': config, 'adapter_model.safetensors': weights }),
      honest.subarray(0, -30),
    ];
    for (const archive of archives) expect(await refusal(archive)).toBe('explore.adapter-archive');
    await expect.poll(stored).toEqual([]);
  }, 60_000);

  it('in a malicious GGUF file is refused by its header', async () => {
    const head = (tensors: bigint, entries: bigint) => {
      const bytes = Buffer.alloc(4096);
      bytes.write('GGUF\x03', 'latin1');
      bytes.writeBigUInt64LE(tensors, 8);
      bytes.writeBigUInt64LE(entries, 16);
      return bytes;
    };
    for (const bytes of [head(2n ** 63n, 1n), head(1_000_000n, 1n), head(1n, 2n ** 40n), head(1n, 1n)])
      expect(await refusal(bytes)).toMatch(/^(explore\.adapter|gguf)[.-]/);
    await expect.poll(stored).toEqual([]);
  }, 60_000);

  it('for which there is no room says so, and nothing of it stays', async () => {
    const uploads = await peftUploads();
    const free = vi.spyOn(module.get(ModelFiles, { strict: false }), 'freeBytes').mockResolvedValue(1000);
    const { versions } = await ended(await create(uploads));
    expect(versions[0]).toMatchObject({ status: 'failed', files: [], error: { code: 'explore.disk-full' } });
    await expect.poll(stored).toEqual([]);
    free.mockRestore();
    expect((await ended(await create(await peftUploads()))).versions[0]).toMatchObject({ status: 'ready' });
  }, 60_000);

  it('of another base is refused before anything is made', async () => {
    const wide = await ended(await create(await peftUploads({ width: 64 })));
    expect(wide.versions[0]).toMatchObject({
      status: 'failed',
      error: { code: 'explore.adapter-wrong-base' },
      files: [],
    });
    const deep = await ended(await create(await peftUploads({ layers: 3 })));
    expect(deep.versions[0]!.error?.code).toBe('explore.adapter-wrong-base');
    const uploadIds = await peftUploads();
    expect(await code(create(uploadIds, { baseDigest: '0'.repeat(64) }))).toBe('explore.adapter-base-not-installed');
    expect(await code(create(uploadIds, { baseDigest: null }))).toBe('explore.adapter-base-not-installed');
  });

  it('has versions; the last good one counts', async () => {
    const { id } = await ended(await create(await peftUploads()));
    const bad = await upload(Buffer.alloc(64));
    await as(owner, () => bus.execute(new AddAdapterVersion({ adapterId: id, uploadIds: [bad] })));
    expect(await ended({ id })).toMatchObject({
      current: 1,
      versions: [{ number: 2, status: 'failed' }, { number: 1 }],
    });
    const uploadIds = await peftUploads({ seed: 2 });
    await as(owner, () => bus.execute(new AddAdapterVersion({ adapterId: id, uploadIds })));
    expect(await ended({ id })).toMatchObject({ current: 3 });
    const old = await as(owner, () => bus.query(new ResolveAdapters({ adapters: [{ id, version: 1 }] })));
    expect(old.adapters[0]!.version).toBe(1);
  });

  it('is seen by those whom its owner lets see it, and changed by the owner alone', async () => {
    const { id, versions } = await ended(await create(await peftUploads()));
    const { sha256, url } = versions[0]!.files[0]!;
    const link = new URL(url, 'http://x').searchParams;
    const [expires, signature] = [Number(link.get('expires')), link.get('signature')!];
    const get = (actor: Actor) => code(as(actor, () => bus.query(new GetAdapter({ adapterId: id }))));
    const change = (actor: Actor, data: Partial<ChangeAdapter['data']>) =>
      as(actor, () => bus.execute(new ChangeAdapter({ adapterId: id, ...data })));
    const list = async (actor: Actor) => (await as(actor, () => bus.query(new ListAdapters({})))).items.length;
    const locate = (actor: Actor, data: object = {}) =>
      code(as(actor, () => bus.query(new LocateFile({ sha256, ...data }))));

    for (const actor of [stranger, administrator]) {
      expect(await get(actor)).toBe('explore.adapter-not-found');
      expect(await list(actor)).toBe(0);
      expect(await locate(actor)).toBe('explore.file-not-found');
      expect(await code(as(actor, () => bus.query(new GetFile({ sha256 }))))).toBe('explore.file-not-found');
      const use = as(actor, () => bus.query(new ResolveAdapters({ adapters: [{ id }] })));
      expect(await code(use)).toBe('explore.adapter-not-found');
      // Whoever was given the link may read the file, and no other.
      expect(await locate(actor, { expires, signature })).toBe('nothing');
      expect(await locate(actor, { expires: expires + 1, signature })).toBe('explore.link-expired');
    }
    expect(await change(owner, { visibility: 'group' })).toMatchObject({ visibility: 'group', group: 'user' });
    expect([await get(stranger), await get(administrator)]).toEqual(['nothing', 'explore.adapter-not-found']);
    await change(owner, { visibility: 'public', name: 'Corsair' });
    expect([await get(stranger), await get(administrator), await list(stranger)]).toEqual(['nothing', 'nothing', 1]);
    expect(await code(change(stranger, { name: 'Mine' }))).toBe('explore.adapter-not-found');
    expect(await code(as(stranger, () => bus.execute(new DeleteAdapter({ adapterId: id }))))).toBe(
      'explore.adapter-not-found',
    );
    await as(owner, () => bus.execute(new DeleteAdapter({ adapterId: id })));
    expect(await get(owner)).toBe('explore.adapter-not-found');
    await expect.poll(stored).toEqual([]);
  });

  it('is listed by pages, by base and by words', async () => {
    const uploadIds = await peftUploads();
    for (const name of ['One', 'Two', '50% off']) await create(uploadIds, { name }).catch(() => undefined);
    const list = (data: ListAdapters['data'] | object) =>
      as(owner, async () => {
        const { items, next } = await bus.query(new ListAdapters(data));
        return { names: items.map(({ name }) => name), next };
      });
    const first = await list({ limit: 2 });
    expect(first).toEqual({ names: ['50% off', 'Two'], next: expect.any(String) });
    expect(await list({ limit: 2, after: first.next })).toEqual({ names: ['One'], next: null });
    expect((await list({ search: '% o' })).names).toEqual(['50% off']);
    expect((await list({ base, mine: true })).names).toHaveLength(3);
    expect((await list({ base: 'f'.repeat(64) })).names).toEqual([]);
  });

  it('whose conversion is interrupted is converted after the next start, and is never there by half', async () => {
    const ids = await peftUploads();
    const put = vi.spyOn(storage, 'adopt').mockImplementation((_key, _path, _expected, signal) => {
      const { promise, reject } = Promise.withResolvers<void>();
      signal!.addEventListener('abort', () => reject(signal!.reason));
      return promise;
    });
    const { id } = await create(ids);
    await vi.waitFor(() => expect(put).toHaveBeenCalled(), 20_000);
    const middle = await as(owner, () => bus.query(new GetAdapter({ adapterId: id })));
    expect(middle.versions[0]).toMatchObject({ status: 'converting', files: [] });
    await module.close();
    const folder = join(dataDir, 'models', '.partial', `adapter-${middle.versions[0]!.id}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'gguf'), 'half of it');
    await boot();
    expect((await ended({ id })).versions[0]).toMatchObject({ status: 'ready', files: [{ encoding: 'gguf' }] });
    expect(existsSync(folder)).toBe(false);
  });

  it('that is deleted while it is converted leaves nothing', async () => {
    const adopt = storage.adopt.bind(storage);
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    const { promise: wait, resolve: goOn } = Promise.withResolvers<void>();
    vi.spyOn(storage, 'adopt').mockImplementation(async (...given) => {
      reach();
      await wait;
      await adopt(...given);
    });
    const { id } = await create(await peftUploads());
    await reached;
    await as(owner, () => bus.execute(new DeleteAdapter({ adapterId: id })));
    goOn();
    await vi.waitFor(async () => expect(await stored()).toEqual([]), 10_000);
  });
});

describe('a model for the browser', () => {
  it('is no file of another kind', async () => {
    const uploadId = await upload(Buffer.alloc(64), administrator);
    const add = as(administrator, () => bus.execute(new AddBrowserModel({ id: 'gemma', name: 'Gemma', uploadId })));
    expect(await code(add)).toBe('explore.not-a-model');
  });

  it.each([
    ['a .task bundle, which the engine of browsers does not run', 'PK\u0003\u0004'],
    ['a converted .task bundle', '\0\0\0\0PK\u0003\u0004'],
    ['a .litertlm package without a model for browsers', 'LITERTLM\u0001'],
    ['a .bin that holds nothing', '\0\0\0\0TFL3'],
  ])('is not kept where it is %s', async (_what, head) => {
    const uploadId = await upload(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(64)]), administrator);
    const add = as(administrator, () => bus.execute(new AddBrowserModel({ id: 'gemma', name: 'Gemma', uploadId })));
    expect(await code(add)).toBe('explore.not-a-model');
    expect(await readdir(join(dataDir, 'models')).then((names) => names.filter((name) => name === 'browser'))).toEqual(
      [],
    );
  });
});
