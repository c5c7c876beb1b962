import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageBus } from '@app/messaging';
import { Database } from '@app/persistence';
import { type FakeHub, freshFolder, type HubAnswer, serveBytes, startFakeHub, writeTinyGguf } from '@app/testing';
import type { TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InferenceModule } from '../../inference/inference.module.js';
import { InstallHubFile, ListEntryFiles, StreamInstall } from '../contracts/index.js';
import { startExplore } from '../explore.fixture.js';
import { HubApi } from '../sources/hub-api.js';

const MIB = 2 ** 20;
/** A repository that is shipped in the catalogue. */
const repo = 'Qwen/Qwen3-4B-GGUF';
const entryId = `hf:${repo}`;
let dataDir: string;
let hub: FakeHub;
let module: TestingModule;
let bus: MessageBus;
let db: Database;
let model: Buffer;
/** One that is never installed. */
let other: Buffer;
let normal: HubAnswer;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const tree = (files: [path: string, size: number, oid: string][]) =>
  JSON.stringify(files.map(([path, size, oid]) => ({ type: 'file', path, size, lfs: { oid, size } })));
const respond =
  (listing: string, file: HubAnswer): HubAnswer =>
  (request, response) => {
    if (!request.url?.startsWith('/api/')) return file(request, response);
    response.setHeader('content-type', 'application/json').end(listing);
  };
const filesOf = (id = entryId) => bus.query(new ListEntryFiles({ entryId: id }));
const forget = async () => {
  await db.query(`DELETE FROM explore.hub_answers`);
  await db.query(`DELETE FROM explore.file_headers`);
};

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-fit-'));
  await mkdir(join(dataDir, 'made'));
  await writeTinyGguf(join(dataDir, 'made', 'one.gguf'), { kind: 'random', contextLength: 4096 });
  model = await readFile(join(dataDir, 'made', 'one.gguf'));
  await writeTinyGguf(join(dataDir, 'made', 'two.gguf'), { kind: 'random', seed: 9 });
  other = await readFile(join(dataDir, 'made', 'two.gguf'));
  normal = respond(
    tree([
      ['Tiny-Q8_0.gguf', 400 * MIB, 'a'.repeat(64)],
      ['Tiny-Q4_K_M.gguf', model.length, sha256(model)],
      ['web/tiny.task', 10 * MIB, 'b'.repeat(64)],
      ['pytorch_model.bin', MIB, 'c'.repeat(64)],
    ]),
    serveBytes(model),
  );
  hub = await startFakeHub(normal);
  await freshFolder(join(dataDir, 'db'));
  const env = {
    ...{ DATA_DIR: dataDir, HF_ENDPOINT: hub.url, EXPLORE_SOURCES: 'huggingface', EXPLORE_AUTO_INSTALL: 'false' },
    ...{ INFERENCE_MEMORY_MIB: '256', INFERENCE_PARALLEL: '2', INFERENCE_CONTEXT_TOKENS: '2048' },
  };
  module = await startExplore(env, [InferenceModule]);
  bus = module.get(MessageBus, { strict: false });
  db = module.get(Database, { strict: false });
}, 60_000);
afterAll(async () => {
  await module.close();
  await hub[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  await forget();
  hub.respond(normal);
});

describe('the files of an entry', () => {
  it('say what each needs, from one header that is read without its file', async () => {
    const { items, problem } = await filesOf();
    expect(problem).toBeNull();
    expect(items.map(({ file, engine, fit }) => [file, engine, fit.verdict])).toEqual([
      ['Tiny-Q4_K_M.gguf', 'llama-cpp', 'fits'],
      ['web/tiny.task', 'mediapipe', 'unknown'],
      ['Tiny-Q8_0.gguf', 'llama-cpp', 'too-large'],
    ]);
    const [small, , large] = items;
    expect(small!.fit).toMatchObject({ contextLength: 2048, haveBytes: 256 * MIB });
    expect(small!.fit.parts).toMatchObject({ exact: true, sequences: 2, modelContextLength: 4096 });
    expect(small!.fit.diskNeedBytes).toBeGreaterThan(model.length);
    expect(large!.fit.parts).toMatchObject({ exact: false, weightsBytes: 400 * MIB });
  });

  it('ask the hub for no more than the header, once', async () => {
    let sent = 0;
    const large = Buffer.concat([model, Buffer.alloc(40 * MIB)]);
    const listing = tree([['Tiny-Q4_K_M.gguf', large.length, 'd'.repeat(64)]]);
    const slowly: HubAnswer = (request, response) => {
      response.on('close', () => (sent += response.socket?.bytesWritten ?? 0));
      serveBytes(large)(request, response);
    };
    hub.respond(respond(listing, slowly));
    const asked = hub.requests.length;
    const [first] = (await filesOf()).items;
    await db.query(`DELETE FROM explore.hub_answers`);
    const [second] = (await filesOf()).items;
    expect(first?.fit.parts.exact).toBe(true);
    expect(second?.fit.parts).toEqual(first?.fit.parts);
    expect(hub.requests.slice(asked).filter(({ url }) => url.includes('/resolve/'))).toHaveLength(1);
    expect(sent).toBeLessThan(20 * MIB);
  });

  it('are marked when they are installed, and then need no room', async () => {
    const install = await bus.execute(new InstallHubFile({ repo, file: 'Tiny-Q4_K_M.gguf' }));
    for await (const { status } of bus.stream(new StreamInstall({ installId: install.id })))
      expect(status).not.toBe('failed');
    await forget();
    hub.respond((_, response) => response.destroy());
    const own = await filesOf(`hf:${repo}/Tiny-Q4_K_M.gguf`);
    expect(own.problem?.code).toBe('explore.source-unavailable');
    expect(own.items).toMatchObject([
      { file: 'Tiny-Q4_K_M.gguf', installed: true, chosen: true, fit: { verdict: 'fits', diskNeedBytes: 0 } },
    ]);
  });

  it('are those of the last answer while the hub is away', async () => {
    const before = await filesOf();
    await db.query(`UPDATE explore.hub_answers SET fetched_at = now() - interval '1 hour'`);
    hub.respond((_, response) => response.writeHead(503).end());
    const during = await filesOf();
    expect(during.problem?.code).toBe('explore.source-unavailable');
    expect(during.items.map(({ file }) => file)).toEqual(before.items.map(({ file }) => file));
  });

  it.each<[string, HubAnswer, string]>([
    ['401', (_, response) => response.writeHead(401).end(), 'explore.gated'],
    ['404', (_, response) => response.writeHead(404).end(), 'explore.not-found'],
    ['an outage', (_, response) => response.destroy(), 'explore.source-unavailable'],
  ])('of a repository of which nothing is known are told as an error: %s', async (_, answer, code) => {
    hub.respond(answer);
    await expect(filesOf()).rejects.toMatchObject({ code });
  });

  it('of an entry of one file are known without the hub, with the reason why they are not judged', async () => {
    hub.respond((_, response) => response.destroy());
    const { items, problem } = await filesOf('qwen3-0.6b');
    expect(problem?.code).toBe('explore.source-unavailable');
    expect(items).toMatchObject([{ chosen: true, quantization: 'Q4_K_M', fit: { verdict: 'too-large' } }]);
    const small = await filesOf('smollm2-135m-instruct');
    expect(small.items).toMatchObject([{ fit: { verdict: 'unknown', needBytes: null } }]);
  });

  it('of no entry are not found', async () => {
    await expect(filesOf('nothing')).rejects.toMatchObject({ code: 'explore.unknown-catalogue-entry' });
  });
});

describe('a header that cannot be had', () => {
  const only = (bytes: Buffer, file: HubAnswer, size = bytes.length) =>
    respond(tree([['Tiny-Q4_K_M.gguf', size, sha256(bytes)]]), file);
  const page: HubAnswer = (_, response) => {
    response.setHeader('content-type', 'text/html').end('<html></html>');
  };
  it.each<[string, () => HubAnswer, string]>([
    ['is cut in the middle', () => only(other, serveBytes(other, { cutAfter: 2000 })), 'broke'],
    [
      'ends before the file does',
      () =>
        only(other, (_, response) => void response.writeHead(200).write(other.subarray(0, 2000), () => response.end())),
      'ends in the middle',
    ],
    ['counts absurdly', () => absurd(), 'too many tensors'],
    ['is a web page', () => only(other, page), 'web page'],
    ['is of another size', () => only(other, serveBytes(other), 5 * MIB), 'were promised'],
    ['is refused', () => only(other, (_, response) => response.writeHead(403).end()), '403'],
    [
      'is sent round and round',
      () => only(other, (request, response) => response.writeHead(302, { location: request.url }).end()),
      'redirects more than',
    ],
  ])('leaves the verdict open and says why: %s', async (_, answer, words) => {
    hub.respond(answer());
    const { items } = await filesOf();
    expect(items).toMatchObject([
      {
        installable: true,
        fit: { verdict: 'unknown', needBytes: null, explains: expect.stringContaining(words) as string },
      },
    ]);
  });

  const absurd = () => {
    const bytes = Buffer.from(other);
    bytes.writeBigUInt64LE(1_000_000_000n, 8);
    return only(bytes, serveBytes(bytes));
  };

  it('is tried again when the network was at fault, and not when the file was', async () => {
    hub.respond(only(other, serveBytes(other, { cutAfter: 2000 })));
    await filesOf();
    hub.respond(only(other, serveBytes(other)));
    expect((await filesOf()).items[0]?.fit.verdict).toBe('fits');
    await forget();
    hub.respond(absurd());
    await filesOf();
    const asked = hub.requests.length;
    await filesOf();
    expect(hub.requests.length).toBe(asked);
    // Something may have been put in the place of the file.
    await db.query(`UPDATE explore.file_headers SET read_at = now() - interval '1 hour'`);
    await filesOf();
    expect(hub.requests.length).toBe(asked + 1);
  });
});

describe('a hub that asks to wait', () => {
  it('is not asked again until then', async () => {
    await using busy = await startFakeHub((_, response) => response.writeHead(429, { 'retry-after': '60' }).end());
    const config = { explore: { hfEndpoint: busy.url, sources: ['huggingface'] } };
    const api = new HubApi(config as ConstructorParameters<typeof HubApi>[0]);
    for (let times = 0; times < 3; times++)
      await expect(api.files(repo, new AbortController().signal)).rejects.toMatchObject({
        code: 'explore.rate-limited',
        details: { retryAfter: '60' },
      });
    expect(busy.requests).toHaveLength(1);
    await api.onApplicationShutdown();
  });
});
