import { describe, expect, it } from 'vitest';
import { seal, unseal } from './sealed-file.js';

const code = (work: Promise<unknown>) => work.then(String, (error: { code: string }) => error.code);

describe('a sealed file', () => {
  it('gives back what was put in, and shows nothing of it', async () => {
    const value = [{ text: 'a secret of mine, ünï 🌍' }];
    const file = await seal(value, 'correct horse');
    expect(await file.text()).not.toContain('secret');
    expect(await unseal(file, 'correct horse')).toEqual(value);
  });

  it('is refused with another passphrase, with a changed byte, and when it is no file of ours', async () => {
    const file = await seal('x', 'right');
    expect(await code(unseal(file, 'wrong'))).toBe('sealed.wrong-passphrase');
    const sealed = JSON.parse(await file.text()) as { data: string; kdf: object };
    const changed = { ...sealed, data: btoa(`A${atob(sealed.data).slice(1)}`) };
    expect(await code(unseal(new Blob([JSON.stringify(changed)]), 'right'))).toBe('sealed.wrong-passphrase');
    expect(await code(unseal(new Blob(['<html>']), 'right'))).toBe('sealed.not-a-file-of-ours');
    const slow = { ...sealed, kdf: { ...sealed.kdf, iterations: 1e12 } };
    expect(await code(unseal(new Blob([JSON.stringify(slow)]), 'right'))).toBe('sealed.not-a-file-of-ours');
  });
});
