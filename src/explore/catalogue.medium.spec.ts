import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { loadConfig } from '@app/config';
import type { GgufInfo } from '@app/gguf';
import { type Actor, type MessageContext } from '@app/messaging';
import { type TestDatabase, testDatabase, testDatabaseKinds } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedEntries } from './catalogue/curated.js';
import { LocalModels } from './catalogue/local-models.js';
import { SearchCatalogue } from './contracts/index.js';
import { SearchCatalogueHandler } from './features/search-catalogue.handler.js';
import type { Capacity } from './fit/capacity.js';
import { EntryFits } from './fit/entry-fits.js';
import { KeptHeaders } from './fit/kept-headers.js';
import type { Machine } from './fit/judge.js';
import { EntryRows } from './persistence/entry-rows.js';
import { InstalledModels } from './persistence/installed-models.js';
import type { ModelFiles } from './persistence/model-files.js';
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

const GIB = 2 ** 30;
const laptop: Machine = {
  ...{ memoryTotalBytes: 16 * GIB, memoryFreeBytes: 12 * GIB, memoryBudgetBytes: 8 * GIB },
  ...{ parallel: 4, contextTokens: 8192 },
};

describe.each(testDatabaseKinds)('the catalogue on %s', (kind) => {
  let test: TestDatabase;
  let entries: CatalogueEntries;
  let handler: SearchCatalogueHandler;
  let machine: Machine | null = laptop;
  let keep: (digest: string, header: GgufInfo) => Promise<void>;
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-catalogue-'));

  beforeAll(async () => {
    test = await testDatabase(kind);
    const config = loadConfig({ DATA_DIR: dataDir, EXPLORE_SOURCES: 'folder' });
    const headers = new KeptHeaders(test.db);
    entries = new CatalogueEntries(test.db, headers);
    keep = (digest, header) => headers.keep(digest, { header, problem: null });
    const capacity = { lately: () => Promise.resolve(machine) } as unknown as Capacity;
    const files = { freeBytes: () => Promise.resolve(100 * GIB) } as unknown as ModelFiles;
    const fits = new EntryFits(capacity, files);
    const rows = new EntryRows(test.db, config, fits);
    const local = new LocalEntries(new LocalModels(config), entries);
    handler = new SearchCatalogueHandler(
      test.db,
      new QueryWords(test.db),
      new InstalledModels(test.db),
      rows,
      local,
      fits,
    );
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

  it('counts a licence once, however it is written', async () => {
    await entries.put([entry('cased-1', { license: 'apache-2.0' }), entry('cased-2', { license: 'Apache-2.0' })]);
    const { items, facets } = await search({ q: 'cased', license: 'Apache-2.0' });
    expect(items.map(({ license }) => license)).toEqual(['Apache-2.0', 'Apache-2.0']);
    expect(facets?.license).toEqual([{ value: 'Apache-2.0', count: 2 }]);
  });

  it('keeps ratings and uses when an entry is described anew', async () => {
    await entries.put([entry('described', { digest: 'a'.repeat(64) })]);
    await entries.used(['a'.repeat(64), null]);
    await entries.put([entry('described', { name: 'Described anew', digest: 'a'.repeat(64) })]);
    expect((await search({ q: 'described anew' })).items).toMatchObject([{ name: 'Described anew', uses: 1 }]);
  });

  describe('whether an entry fits', () => {
    const verdicts = async (ask: Partial<SearchCatalogue['data']>) =>
      Object.fromEntries((await search(ask)).items.map(({ id, fit }) => [id, fit?.verdict]));
    const fitting = (ask: Partial<SearchCatalogue['data']>) => names({ q: 'measured', ...ask });
    const large = 'd'.repeat(64);

    beforeAll(async () => {
      const measured = (id: string, billions: number, change: Partial<NewEntry> = {}) =>
        entry(`measured-${id}`, {
          name: `measured ${id}`,
          parameters: billions * 1e9,
          contextLength: 32_768,
          ...change,
        });
      await entries.put([
        measured('small', 1),
        measured('middle', 8, { quantization: 'Q4_K_M', sizeBytes: 5 * GIB }),
        measured('large', 30, { digest: large, quantization: 'Q4_K_M', sizeBytes: 18 * GIB }),
        measured('nothing', 0, { parameters: null }),
        measured('adapter', 1, { kind: 'adapter' }),
      ]);
    });

    it('is said of each, as an estimate, by what the catalogue knows', async () => {
      expect(await verdicts({ q: 'measured' })).toEqual({
        ...{ 'measured-small': 'fits', 'measured-middle': 'tight', 'measured-large': 'too-large' },
        ...{ 'measured-nothing': undefined, 'measured-adapter': undefined },
      });
      const [small] = (await search({ q: 'measured small' })).items;
      expect(small?.fit).toMatchObject({
        explains: expect.stringMatching(/^As Q4_K_M it needs about /) as string,
        parts: { exact: false, weightsBytes: expect.any(Number) as number },
      });
    });

    it('narrows a search to what is not too large for the server, and to what a page can run', async () => {
      expect(await fitting({ fits: 'server', sort: 'name' })).toEqual(['measured middle', 'measured small']);
      expect(await fitting({ fits: 'browser' })).toEqual(['measured small']);
      expect(await fitting({ fits: 'browser', browserMemory: GIB / 2 })).toEqual([]);
      expect(await fitting({ fits: 'browser', browserStorage: GIB / 4 })).toEqual([]);
    });

    it('shows under that filter exactly what it does not call too large', async () => {
      for (const bytes of [GIB, 4 * GIB, 30 * GIB]) {
        machine = { ...laptop, memoryBudgetBytes: bytes, memoryTotalBytes: bytes };
        const all = await verdicts({ sort: 'name', source: 'huggingface', limit: 60 });
        const could = Object.keys(all).filter((id) => all[id] !== 'too-large');
        expect(Object.keys(await verdicts({ sort: 'name', source: 'huggingface', limit: 60, fits: 'server' }))).toEqual(
          could,
        );
      }
      machine = laptop;
    });

    it('is told from the header as soon as that was read, and stays so when the entry is described anew', async () => {
      const header: GgufInfo = {
        ...{ architecture: 'llama', name: null, license: null, contextLength: 32_768, parameters: 30e9 },
        ...{ quantization: 'Q4_K_M', hasChatTemplate: true, fileBytes: 18 * GIB, tensorBytes: GIB },
        ...{ vocabularySize: 32_000, embeddingLength: 4096, layers: 32, cacheBytesPerToken: 4096 },
      };
      await keep(large, header);
      await entries.measured(large, header);
      const told = { verdict: 'fits', parts: { exact: true, weightsBytes: GIB } };
      expect((await search({ q: 'measured large' })).items[0]?.fit).toMatchObject(told);
      await entries.put([entry('measured-large', { name: 'measured large', digest: large, sizeBytes: 18 * GIB })]);
      expect((await search({ q: 'measured large', fits: 'server' })).items[0]?.fit).toMatchObject(told);
    });

    it('is estimated for entries that are older than the estimate', async () => {
      await test.db.query(
        `UPDATE explore.catalogue_entries SET memory = NULL, file_bytes = NULL, fixed_bytes = NULL, token_bytes = NULL,
           trained_tokens = NULL WHERE id = 'measured-small'`,
      );
      expect((await verdicts({ q: 'measured small' }))['measured-small']).toBeUndefined();
      await entries.measureOld();
      expect((await verdicts({ q: 'measured small' }))['measured-small']).toBe('fits');
    });

    it('is open while no service that runs models can be asked', async () => {
      machine = null;
      expect(await verdicts({ q: 'measured small' })).toEqual({ 'measured-small': 'unknown' });
      await expect(search({ fits: 'server' })).rejects.toMatchObject({ code: 'explore.no-machine' });
      machine = laptop;
    });
  });
});
