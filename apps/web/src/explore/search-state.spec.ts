import { describe, expect, it } from 'vitest';
import { type Search, countFilters, explorePath, readSearch, writeSearch } from './search-state.js';

const nothing: Search = { q: '', sort: 'relevance', installed: null, fits: null, facets: {} };

describe('the search in the address', () => {
  it('is empty for everything', () => {
    expect(readSearch('')).toEqual(nothing);
    expect(explorePath(nothing)).toBe('/explore');
  });

  it('comes back as it was written', () => {
    const search: Search = {
      q: 'small & quick',
      sort: 'size',
      installed: 'false',
      fits: 'browser',
      facets: { license: 'Apache-2.0', language: 'de' },
    };
    expect(readSearch(`?${writeSearch(search)}`)).toEqual(search);
    expect(explorePath(search)).toBe(
      '/explore?q=small+%26+quick&language=de&license=Apache-2.0&installed=false&fits=browser&sort=size',
    );
    expect(countFilters(search)).toBe(4);
  });

  it.each(['?sort=constructor', '?installed=yes', '?fits=both', '?licence=MIT', '?kind=', '?kind=%20'])(
    'leaves out %s',
    (query) => {
      expect(readSearch(query)).toEqual(nothing);
    },
  );

  it('is no longer than the server takes', () => {
    const { q, facets } = readSearch(`?q=${'a'.repeat(300)}&license=${'b'.repeat(300)}`);
    expect([q.length, facets.license?.length]).toEqual([200, 80]);
  });
});
