import { describe, expect, it } from 'vitest';
import type { CatalogueEntry } from './catalogue.js';
import { modelIdOf } from './model-id.js';

const idOf = (id: string, file?: string) =>
  modelIdOf({ id, sources: file ? { folder: { file } } : {} } as CatalogueEntry);

describe('the id of an installed model', () => {
  it('is that of its catalogue entry', () => expect(idOf('qwen3-0.6b')).toBe('qwen3-0.6b'));
  it('is the name of its file, made safe for a path', () => {
    expect(idOf('folder:x', 'My Model (v2).Q4_K_M.gguf')).toBe('my-model-v2-.q4_k_m');
    expect(idOf('folder:x', 'ä.gguf')).toBe('model');
  });
});
