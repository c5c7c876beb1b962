import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveBytes, startFakeHub, writeTinyGguf } from '@app/testing';
import { FolderStorage } from '@app/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelFiles } from '../persistence/model-files.js';
import { HuggingFaceSource } from './hugging-face-source.js';
import { ModelDownload } from './model-download.js';

let disk: string;
const mounted = ((): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'parley-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder], { stdio: 'pipe' });
    disk = folder;
    return true;
  } catch {
    return false;
  }
})();
if (!mounted) console.warn('SKIPPED: a really full disk needs root on Linux, to mount a small one.');

/** Takes all that is left of the disk. */
function fill(path: string): void {
  try {
    writeFileSync(path, Buffer.alloc(24 * 2 ** 20));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  }
}

describe.skipIf(!mounted)('a disk that fills up during a download', () => {
  let made: string;
  let model: Buffer;

  beforeAll(async () => {
    made = mkdtempSync(join(tmpdir(), 'parley-models-'));
    await writeTinyGguf(join(made, 'tiny.gguf'));
    model = await readFile(join(made, 'tiny.gguf'));
  });
  afterAll(async () => {
    execFileSync('umount', [disk]);
    await rm(disk, { recursive: true });
    await rm(made, { recursive: true });
  });

  it('gives its room back, says what is needed, and lets the install succeed once there is room', async () => {
    await using hub = await startFakeHub(serveBytes(model));
    const files = new ModelFiles(join(disk, 'models'), new FolderStorage(join(disk, 'models')));
    const download = new ModelDownload(files, { inOrder: [new HuggingFaceSource(hub.url)] });
    const digest = createHash('sha256').update(model).digest('hex');
    const entry = {
      ...{ id: 'tiny', name: 'Tiny', description: 'A model.', license: null, parameters: 1, quantization: 'F32' },
      ...{ contextLength: 2048, sizeBytes: model.length, digest },
      sources: { huggingface: { repo: 'someone/tiny', file: 'tiny.gguf', revision: 'main' } },
    };
    const received = (_: unknown, bytes: number) => bytes > 500_000 && fill(join(disk, 'other'));
    const observer = { received, verifying: async () => undefined, refused: () => undefined };
    const error = await download.run(entry, new AbortController().signal, observer).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'explore.disk-full', details: { neededBytes: expect.any(Number) as number } });
    expect(await readdir(files.partialFolder)).toEqual([]);

    await rm(join(disk, 'other'));
    await download.run(entry, new AbortController().signal, { ...observer, received: () => undefined });
    expect(model.equals(await readFile(join(files.folder, `${digest}.gguf`)))).toBe(true);
  });
});
