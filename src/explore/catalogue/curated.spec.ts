import { describe, expect, it } from 'vitest';
import { BuiltInFacts } from './curated-entry.js';
import { builtInFacts, shippedEntries, shippedIds } from './curated.js';
import { builtInCatalogue } from './built-in.js';

describe('the shipped entries', () => {
  it('are well formed, and each stands once', () => {
    const ids = shippedEntries().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('smollm2-135m-instruct');
    expect(shippedIds()).toEqual(ids);
  });

  it('say of every built-in model who made it, for which languages and what for', () => {
    for (const { id } of builtInCatalogue) expect(BuiltInFacts.safeParse(builtInFacts[id]).error).toBeUndefined();
  });
});
