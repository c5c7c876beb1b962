import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyGguf } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGguf } from './gguf.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-gguf-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a model file', () => {
  it('is described by its header', async () => {
    const file = join(folder, 'tiny.gguf');
    await writeTinyGguf(file, { contextLength: 512 });
    const { size } = await stat(file);
    expect(await readGguf(file)).toMatchObject({ name: 'tiny-test-llama', contextLength: 512, fileBytes: size });
  });

  it('is refused when its end is missing', async () => {
    const file = join(folder, 'cut.gguf');
    await writeTinyGguf(file);
    await truncate(file, 1_000_000);
    await expect(readGguf(file)).rejects.toMatchObject({ kind: 'invalid', code: 'gguf.truncated' });
  });

  it('is not read as a whole', async () => {
    const file = join(folder, 'large.gguf');
    await writeTinyGguf(file);
    await truncate(file, 8 * 2 ** 30);
    const before = process.memoryUsage().rss;
    expect(await readGguf(file)).toMatchObject({ fileBytes: 8 * 2 ** 30 });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
  });

  it('that is none is refused', async () => {
    await writeFile(join(folder, 'text.gguf'), 'A text that is long enough to hold a header.');
    await expect(readGguf(join(folder, 'text.gguf'))).rejects.toMatchObject({ code: 'gguf.not-gguf' });
    await expect(readGguf(join(folder, 'absent.gguf'))).rejects.toMatchObject({ code: 'gguf.not-readable' });
    await expect(readGguf(folder)).rejects.toMatchObject({ code: 'gguf.not-readable' });
  });
});
