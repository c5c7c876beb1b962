import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zip } from '@app/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { openMember } from './wheel.js';

const folder = mkdtempSync(join(tmpdir(), 'parley-wheel-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const member = 'tiny/tiny.gguf';
const honest = zip({ 'tiny/__init__.py': 'x', [member]: Buffer.alloc(100_000, 'GGUF') });
/** Says another length of the member, in the directory of the archive. */
function lying(bytes: number): Buffer {
  const wheel = Buffer.from(honest);
  wheel.writeUInt32LE(bytes, wheel.lastIndexOf('PK\x01\x02') + 24);
  return wheel;
}
async function take(bytes: Buffer): Promise<number> {
  const path = join(folder, 'a.whl');
  await writeFile(path, bytes);
  await using opened = await openMember(path, member);
  let length = 0;
  for await (const chunk of opened.chunks) length += chunk.length;
  return length;
}

describe('a wheel', () => {
  it('gives the one member', async () => {
    expect(await take(honest)).toBe(100_000);
  });

  it.each<[string, Buffer, string]>([
    ['that is none', Buffer.alloc(5000, 'x'), 'source-unavailable'],
    ['that is cut', honest.subarray(0, -40), 'source-unavailable'],
    ['whose member is longer than it says', lying(10), 'source-unavailable'],
    ['whose member is shorter than it says', lying(2 ** 31), 'source-unavailable'],
    ['with names that lead out of it', zip({ '../../tiny.gguf': 'x', [member]: 'x' }), 'source-unavailable'],
    ['without the member', zip({ 'tiny/other.gguf': 'x' }), 'not-found'],
    [
      'of countless members',
      zip({ ...Object.fromEntries(Array.from({ length: 10_001 }, (_, at) => [`${at}`, ''])), [member]: 'x' }),
      'not-found',
    ],
  ])('%s is refused', async (_, bytes, code) => {
    await expect(take(bytes)).rejects.toMatchObject({ code: `explore.${code}` });
  });
});
