import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { loadConfig } from '@app/config';
import { type Actor, type MessageContext } from '@app/messaging';
import { type TestDatabase, testDatabase, testDatabaseKinds } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedEntries } from './catalogue/curated.js';
import { LocalModels } from './catalogue/local-models.js';
import { SearchCatalogue } from './contracts/index.js';
import { SearchCatalogueHandler } from './features/search-catalogue.handler.js';
import { EntryRows } from './persistence/entry-rows.js';
import { InstalledModels } from './persistence/installed-models.js';
import { CatalogueEntries } from './search/catalogue-entries.js';
import { LocalEntries } from './search/local-entries.js';
import type { NewEntry } from './search/new-entry.js';
import { QueryWords } from './search/query-words.js';

const someone: Actor = { userId: randomUUID(), role: 'user' } as Actor;
const another: Actor = { userId: randomUUID(), role: 'user' } as Actor;

const entry = (id: string, change: Partial<NewEntry> = {}): NewEntry => ({
  ...{ id, kind: 'model', origin: 'hub', name: id, publisher: null, description: '', license: 'MIT' },
  ...{ parameters: null, quantization: null, contextLength: null, sizeBytes: null, digest: null, baseModel: null },
  ...{ baseDigest: null, languages: [], capabilities: [], encodings: ['gguf'], places: {}, addedAt: new Date(0) },
  ...change,
});

describe.each(testDatabaseKinds)('the catalogue on %s', (kind) => {
  let test: TestDatabase;
  let entries: CatalogueEntries;
  let handler: SearchCatalogueHandler;
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-catalogue-'));

  beforeAll(async () => {
    test = await testDatabase(kind);
    const config = loadConfig({ DATA_DIR: dataDir, EXPLORE_SOURCES: 'folder' });
    entries = new CatalogueEntries(test.db);
    const rows = new EntryRows(test.db, config);
    const local = new LocalEntries(new LocalModels(config), entries);
    handler = new SearchCatalogueHandler(test.db, new QueryWords(test.db), new InstalledModels(test.db), rows, local);
    await entries.put(shippedEntries());
    await entries.put([
      entry('mine', {
        kind: 'adapter',
        origin: 'adapter',
        name: 'Zyxwvut secret',
        ownerId: someone.userId,
        visibility: 'private',
      }),
      entry('admins', { kind: 'adapter', origin: 'adapter', visibility: 'group', visibleTo: 'admin' }),
      ...Array.from({ length: 1200 }, (_, n) =>
        entry(`bulk-${n}`, { name: `Bulk ${n}`, license: 'Bulk', sizeBytes: n }),
      ),
    ]);
  }, 60_000);
  afterAll(async () => {
    await test.dispose();
    await rm(dataDir, { recursive: true, force: true });
  });

  const search = (ask: Partial<SearchCatalogue['data']>, actor: Actor = someone) =>
    handler.handle(SearchCatalogue.schema.parse(ask), { actor } as MessageContext);
  const names = async (ask: Partial<SearchCatalogue['data']>, actor?: Actor) =>
    (await search(ask, actor)).items.map(({ name }) => name);

  it('finds by the beginnings of words in any order, and puts the name first', async () => {
    const found = await names({ q: 'coder qw' });
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(found.every((name) => name.includes('Coder'))).toBe(true);
  });

  it('forgives slips and says what it looked for', async () => {
    const page = await search({ q: 'mitsral' });
    expect(page.items[0]?.name).toContain('Mistral');
    expect(page.corrected[0]).toMatchObject({ typed: 'mitsral', meant: expect.arrayContaining(['mistral']) });
  });

  it.each([`'`, `'' | ''`, `a & b | !c <-> d:*`, '\\', '%_', `'); DROP TABLE explore.installs; --`, '\u0000x', '🦙'])(
    'takes %j for words, not for operators',
    async (q) => expect((await search({ q })).total).toBeLessThanOrEqual(1000),
  );

  it('counts each facet among the matches, and all chosen ones hold together', async () => {
    const page = await search({ capability: 'code', license: 'Apache-2.0' });
    expect(page.items.map(({ license }) => license)).toEqual(page.items.map(() => 'Apache-2.0'));
    expect(page.facets?.license).toEqual([{ value: 'Apache-2.0', count: page.total }]);
    expect(page.facets?.capability.find(({ value }) => value === 'code')?.count).toBe(page.total);
  });

  it.each([
    ['ranked by words', { q: 'qwen' }],
    ['in the order of an index, when very much matches', { license: 'Bulk', sort: 'size' }],
    ['by name', { capability: 'chat', sort: 'name' }],
    ['by age', { license: 'Bulk', sort: 'newest' }],
    ['by rating', { license: 'Bulk', sort: 'rating' }],
  ] as const)('pages without gap or repeat: %s', async (_, ask) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await search({ ...ask, limit: 'license' in ask ? 60 : 2, ...(cursor && { cursor }) });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe('license' in ask ? 1200 : (await search(ask)).total);
  });

  it('refuses a cursor of another search, and one that is made up', async () => {
    const { nextCursor } = await search({ sort: 'name', limit: 1 });
    const made = Buffer.from(JSON.stringify({ s: 'x', r: true, k: ['1', '2', '3'], n: 1 })).toString('base64url');
    for (const cursor of [nextCursor!, made, 'nonsense'])
      await expect(search({ sort: 'uses', cursor })).rejects.toMatchObject({ code: 'explore.bad-cursor' });
  });

  it('shows what is private to its owner, and what is for a group to the group, in words and suggestions', async () => {
    expect(await names({ q: 'zyxwvut' })).toEqual(['Zyxwvut secret']);
    expect(await names({ q: 'zyxwvut' }, another)).toEqual([]);
    expect((await search({ q: 'zyxwvta' }, another)).corrected).toEqual([]);
    expect(await names({ kind: 'adapter' }, another)).toEqual([]);
    expect(await names({ q: 'admins' }, { ...another, role: 'admin' } as Actor)).toEqual(['admins']);
  });

  it('keeps ratings and uses when an entry is described anew', async () => {
    await entries.put([entry('described', { digest: 'a'.repeat(64) })]);
    await entries.used(['a'.repeat(64), null]);
    await entries.put([entry('described', { name: 'Described anew', digest: 'a'.repeat(64) })]);
    expect((await search({ q: 'described anew' })).items).toMatchObject([{ name: 'Described anew', uses: 1 }]);
  });
});
