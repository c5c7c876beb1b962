import { describe, expect, it } from 'vitest';
import { hubPath, readHubSearch, type HubSearch, writeHubSearch } from './hub-search.js';

describe('the search at the hub in the address', () => {
  it('comes back as it was written', () => {
    const search: HubSearch = { q: 'llama & co', kind: 'adapter', sort: 'updated' };
    expect(readHubSearch(`?${writeHubSearch(search)}`)).toEqual(search);
    expect(hubPath(search)).toBe('/hub?q=llama+%26+co&kind=adapter&sort=updated');
  });

  it.each(['', '?kind=toString', '?sort=best'])('is everything for the server in %j', (query) => {
    expect(readHubSearch(query)).toEqual({ q: '', kind: 'gguf', sort: 'downloads' });
    expect(hubPath(readHubSearch(query))).toBe('/hub');
  });
});
