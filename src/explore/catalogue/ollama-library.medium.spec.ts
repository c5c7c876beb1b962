import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MessageBus } from '@app/messaging';
import { ObjectStorage } from '@app/storage';
import { freshFolder, writeTinyGguf } from '@app/testing';
import type { TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  InstallModel,
  type InstallView,
  ListEntryFiles,
  ListInstalledModels,
  SearchCatalogue,
  StreamInstall,
} from '../contracts/index.js';
import { startExplore } from '../explore.fixture.js';
import { licenseName, ollamaModels } from './ollama-library.js';

const type = (kind: string) => `application/vnd.ollama.image.${kind}`;
const hex = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
let dataDir: string;
let library: string;
let model: Buffer;
let module: TestingModule;
let bus: MessageBus;

/** Puts a blob where Ollama has it and answers its layer. */
async function layer(kind: string, bytes: Uint8Array | string, digest = hex(bytes)) {
  await writeFile(join(library, 'blobs', `sha256-${digest}`), bytes);
  return { mediaType: type(kind), digest: `sha256:${digest}`, size: Buffer.from(bytes).length };
}
async function manifest(path: string, layers: unknown): Promise<void> {
  const file = join(library, 'manifests', path);
  await mkdir(dirname(file), { recursive: true });
  const config = {
    mediaType: 'application/vnd.docker.container.image.v1+json',
    digest: `sha256:${'0'.repeat(64)}`,
    size: 5,
  };
  await writeFile(file, typeof layers === 'string' ? layers : JSON.stringify({ schemaVersion: 2, config, layers }));
}
async function install(catalogueId: string): Promise<InstallView> {
  let last = await bus.execute(new InstallModel({ catalogueId }));
  for await (const view of bus.stream(new StreamInstall({ installId: last.id }))) last = view;
  return last;
}

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-ollama-'));
  library = join(dataDir, 'ollama');
  await mkdir(join(library, 'blobs'), { recursive: true });
  const file = join(dataDir, 'made.gguf');
  await writeTinyGguf(file, { name: 'Tiny' });
  model = await readFile(file);
  const license = await layer(
    'license',
    '\n                                 Apache License\n                           Version 2.0, January 2004\n',
  );
  const whole = [await layer('model', model), await layer('template', '{{ .Prompt }}'), license];
  await manifest('registry.ollama.ai/library/tiny/1b', whole);
  await manifest('registry.ollama.ai/someone/tiny/latest', whole);
  await manifest('hf.co/someone/Tiny-GGUF/Q4_K_M', whole);
  // What is no model that its file alone makes, or no whole one.
  await manifest('registry.ollama.ai/library/adapted/latest', [...whole, await layer('adapter', 'x')]);
  await manifest('registry.ollama.ai/library/partial/latest', [{ ...whole[0], digest: `sha256:${'f'.repeat(64)}` }]);
  await manifest('registry.ollama.ai/library/cut/latest', [{ ...whole[0], size: model.length + 1 }]);
  await manifest('registry.ollama.ai/library/none/latest', [whole[1]]);
  await manifest('registry.ollama.ai/library/broken/latest', '{');
  await manifest('registry.ollama.ai/library/path/latest', [{ ...whole[0], digest: 'sha256:../../../../etc/passwd' }]);
  await manifest('registry.ollama.ai/library/long/latest', `${' '.repeat(70_000)}{}`);
  await manifest('registry.ollama.ai/library/deep/more/latest', whole);
  await manifest('registry.ollama.ai/library/text/latest', [
    await layer('model', 'GGUF no model at all, but some text'),
  ]);
  await symlink('/etc/passwd', join(library, 'manifests/registry.ollama.ai/library/tiny/link'));
  // Whole, but other bytes than its name promises.
  const other = Buffer.from(model);
  other[other.length - 1]! ^= 1;
  await manifest('registry.ollama.ai/library/swapped/latest', [await layer('model', other, 'e'.repeat(64))]);
  await freshFolder(join(dataDir, 'db'));
  module = await startExplore({
    ...{ DATA_DIR: dataDir, EXPLORE_OLLAMA_FOLDER: library, EXPLORE_SOURCES: 'ollama', EXPLORE_AUTO_INSTALL: 'false' },
  });
  bus = module.get(MessageBus, { strict: false });
}, 60_000);
afterAll(async () => {
  await module.close();
  await rm(dataDir, { recursive: true, force: true });
});

describe('a library of Ollama', () => {
  it('is read by its manifests, and what is not whole or no plain file is left out', async () => {
    const models = await ollamaModels([join(dataDir, 'none'), library, library]);
    expect(models.map(({ name }) => name)).toEqual([
      ...['hf.co/someone/Tiny-GGUF:Q4_K_M', 'someone/tiny:latest', 'swapped:latest', 'text:latest', 'tiny:1b'],
    ]);
    expect(models.at(-1)).toMatchObject({ digest: hex(model), sizeBytes: model.length });
  });

  it('stands in the catalogue, with licence and size, and is found by its name', async () => {
    const { items } = await bus.query(new SearchCatalogue({ q: 'tiny', source: 'ollama' }));
    expect(items.map(({ id }) => id).sort()).toEqual([
      ...['ollama:hf.co/someone/Tiny-GGUF:Q4_K_M', 'ollama:someone/tiny:latest', 'ollama:swapped:latest'],
      'ollama:tiny:1b',
    ]);
    expect(items.find(({ id }) => id === 'ollama:tiny:1b')).toMatchObject({
      ...{ name: 'Tiny (tiny:1b)', origin: 'local', license: 'Apache-2.0', digest: hex(model), installable: true },
      ...{ sizeBytes: model.length, sources: ['ollama'], repo: null },
    });
    const files = await bus.query(new ListEntryFiles({ entryId: 'ollama:tiny:1b' }));
    expect(files.items).toMatchObject([
      {
        file: 'tiny:1b',
        chosen: true,
        installed: false,
        fit: { parts: { exact: true }, needBytes: expect.any(Number) as number },
      },
    ]);
  });

  it('is installed from as from anywhere: copied, checked, and independent of Ollama afterwards', async () => {
    expect(await install('ollama:tiny:1b')).toMatchObject({ status: 'installed', source: 'ollama' });
    expect((await bus.query(new ListInstalledModels({}))).items).toMatchObject([{ id: 'tiny-1b', digest: hex(model) }]);
    await unlink(join(library, 'blobs', `sha256-${hex(model)}`));
    const stored: Buffer[] = [];
    for await (const chunk of module.get(ObjectStorage, { strict: false }).get(`${hex(model)}.gguf`))
      stored.push(Buffer.from(chunk));
    expect(Buffer.concat(stored).equals(model)).toBe(true);
  });

  it('with other bytes than it says has nothing installed', async () => {
    expect(await install('ollama:swapped:latest')).toMatchObject({
      status: 'failed',
      error: { code: 'explore.wrong-digest' },
    });
    expect((await bus.query(new ListInstalledModels({}))).items).toHaveLength(1);
  });

  it('that lost a model does not offer it', async () => {
    await expect(install('ollama:someone/tiny:latest')).rejects.toMatchObject({
      code: 'explore.unknown-catalogue-entry',
    });
    await expect(install('ollama:../../etc:passwd')).rejects.toMatchObject({ code: 'explore.unknown-catalogue-entry' });
  });
});

describe('the name of a licence', () => {
  it.each([
    ['MIT License\n\nCopyright', 'MIT'],
    ['LLAMA 3.2 COMMUNITY LICENSE AGREEMENT\nLlama 3.2', 'LLAMA 3.2 COMMUNITY LICENSE AGREEMENT'],
    [`\n\n---\n${'x'.repeat(500)}`, 'x'.repeat(60)],
    ['', null],
    [null, null],
  ])('is told by its text', (text, name) => expect(licenseName(text)).toBe(name));
});
