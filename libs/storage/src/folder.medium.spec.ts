import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FolderStorage } from './folder.storage.js';
import { objectStorageContract } from './object-storage.contract.js';

async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-storage-'));
  const close = () => rmSync(folder, { recursive: true, force: true });
  return { folder, storage: new FolderStorage(join(folder, 'objects')), close };
}

objectStorageContract('folder', 3_000_000, open);

it('a folder storage leaves nothing behind of what failed, and lists nothing that is on its way', async () => {
  const { folder, storage, close } = await open();
  mkdirSync(join(folder, 'objects/.partial'), { recursive: true });
  writeFileSync(join(folder, 'objects/.partial/other.part'), 'x');
  const broken = async function* () {
    yield Buffer.from('x');
    throw new Error('broken');
  };
  await expect(storage.put('a', broken(), { sha256: '', sizeBytes: 2 })).rejects.toThrow('broken');
  expect(readdirSync(join(folder, 'objects'))).toEqual(['.partial']);
  expect(readdirSync(join(folder, 'objects/.partial'))).toEqual(['other.part']);
  expect(await storage.list('')).toEqual({ objects: [], next: null });
  close();
});

it('a folder storage that cannot be used says why', async () => {
  const { folder, close } = await open();
  writeFileSync(join(folder, 'objects'), 'a file');
  const storage = new FolderStorage(join(folder, 'objects'));
  await expect(storage.check()).rejects.toMatchObject({ code: 'storage.unavailable', message: /EEXIST|ENOTDIR/ });
  close();
});

it('a folder storage says what keeps it from deleting', async () => {
  const { folder, storage, close } = await open();
  mkdirSync(join(folder, 'objects/model/in the way'), { recursive: true });
  await expect(storage.delete('model')).rejects.toMatchObject({ code: 'storage.unavailable', message: /EISDIR/ });
  close();
});
