import { describe, expect, it } from 'vitest';
import { nameOf, nameSome } from './names.js';

describe('nameOf', () => {
  it.each([
    ['language', 'de', 'German'],
    ['language', 'not a tag', 'not a tag'],
    ['capability', 'tools', 'Tools'],
    ['license', 'Apache-2.0', 'Apache-2.0'],
    ['source', 'elsewhere', 'elsewhere'],
  ] as const)('says %s %s as %s', (facet, value, name) => expect(nameOf(facet, value)).toBe(name));
});

describe('nameSome', () => {
  it.each([
    [[], ''],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    // Naming the last one takes no more room than counting it.
    [['a', 'b', 'c'], 'a, b and c'],
    [['a', 'b', 'c', 'd'], 'a, b and 2 more'],
  ])('says %j as %s', (names, text) => expect(nameSome(names, 2)).toBe(text));
});
