import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { CompiledFiles } from './compiled-files.js';

const root = mkdtempSync(join(tmpdir(), 'parley-compiled-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('files of the bundle', () => {
  let folder: string;
  let kept: string;
  beforeEach(() => {
    folder = mkdtempSync(join(root, 'build-'));
    kept = join(folder, 'kept');
    write('entry-1.cjs', `const b = require('./other-1.cjs'); exports.twice = (n) => b.add(n, n); exports.b = b;`);
    write('other-1.cjs', `exports.add = (x, y) => x + y; exports.entry = require('./entry-1.cjs');`);
  });
  const write = (name: string, source: string) => writeFileSync(join(folder, name), source);
  type Entry = { twice(n: number): number; b: { entry: unknown } };
  const start = () => {
    const files = new CompiledFiles(kept);
    return { files, entry: files.load(join(folder, 'entry-1.cjs')) as Entry };
  };
  const inodes = () => readdirSync(kept).map((name) => statSync(join(kept, name)).ino);

  it('are loaded once each, also in a circle', () => {
    const { entry } = start();
    expect(entry.twice(21)).toBe(42);
    expect(entry.b.entry).toBe(entry);
  });

  it('are compiled once: the next start takes what was kept', () => {
    const first = start();
    first.entry.twice(1);
    first.files.keep();
    expect(readdirSync(kept).toSorted()).toEqual(['entry-1.cjs', 'other-1.cjs']);
    const before = inodes();
    const second = start();
    expect(second.entry.twice(21)).toBe(42);
    second.files.keep();
    expect(inodes()).toEqual(before);
  });

  it('are compiled again when what was kept is of something else', () => {
    start().files.keep();
    const other = () => readFileSync(join(kept, 'other-1.cjs'));
    const before = other();
    write('other-1.cjs', `exports.add = (x, y) => x + y + 1000;`);
    const second = start();
    expect(second.entry.twice(21)).toBe(1042);
    second.files.keep();
    expect(other().equals(before)).toBe(false);
  });

  it('run as well where nothing can be kept', () => {
    writeFileSync(kept, 'not a folder');
    const { entry, files } = start();
    files.keep();
    expect(entry.twice(21)).toBe(42);
  });

  it('require and import what is not of the bundle', async () => {
    write('entry-1.cjs', `exports.sep = require('node:path').sep; exports.late = () => importOutside('node:os');`);
    const { entry } = start();
    expect(entry).toMatchObject({ sep: expect.stringMatching(/[/\\]/) });
    expect(await (entry as unknown as { late(): Promise<unknown> }).late()).toHaveProperty('hostname');
  });
});
