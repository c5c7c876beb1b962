// How long a search over 100,000 catalogue entries takes, on the embedded database and on PostgreSQL: the handler with
// all its statements, as the HTTP controller calls it.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { provideServices } from '../../scripts/services.mjs';
import { quantile, report, round } from './lib/bench.mjs';

const ENTRIES = Number(process.env.ENTRIES ?? 100_000);
const ROUNDS = Number(process.env.ROUNDS ?? 40);
const WARM_UP = 8;

const { loadConfig } = await import('../../dist/libs/config/src/index.js');
const { Database, initFolder, migrate } = await import('../../dist/libs/persistence/src/index.js');
const at = (path) => import(`../../dist/src/explore/${path}.js`);
const { SearchCatalogue } = await at('contracts/index');
const { SearchCatalogueHandler } = await at('features/search-catalogue.handler');
const { EntryRows } = await at('persistence/entry-rows');
const { InstalledModels } = await at('persistence/installed-models');
const { CatalogueEntries } = await at('search/catalogue-entries');
const { EntryFits } = await at('fit/entry-fits');
const { KeptHeaders } = await at('fit/kept-headers');
const { LocalModels } = await at('catalogue/local-models');
const { LocalEntries } = await at('search/local-entries');
const { QueryWords } = await at('search/query-words');

/** The same numbers in every run. */
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
/** Of the sizes below it fits few, so that the condition has something to leave out. */
const machine = {
  ...{ memoryTotalBytes: 16e9, memoryFreeBytes: 12e9, memoryBudgetBytes: 3e9, parallel: 4, contextTokens: 8192 },
};
const next = generator(7);
const pick = (list) => list[next(list.length)];
const syllables = ['ka', 'ro', 'mi', 'ten', 'lu', 'ver', 'da', 'so', 'ni', 'bel', 'tra', 'qu', 'os', 'in', 'ga', 'pho'];
const word = () => Array.from({ length: 2 + next(3) }, () => pick(syllables)).join('');
const publishers = Array.from({ length: 3_000 }, word);
const vocabulary = Array.from({ length: 20_000 }, word);
const families = ['Llama', 'Qwen', 'Mistral', 'Gemma', 'Phi', 'Falcon', 'SmolLM', 'Granite', 'Yi', 'StableLM'];
const licenses = ['Apache-2.0', 'MIT', 'llama3.1', 'gemma', 'CC-BY-4.0', 'CC-BY-NC-4.0'];
const languages = ['en', 'de', 'fr', 'es', 'it', 'pt', 'zh', 'ja', 'ko', 'ar', 'ru', 'hi'];
const capabilities = ['chat', 'code', 'reasoning', 'tools', 'embedding'];
const quantizations = ['Q4_K_M', 'Q5_K_M', 'Q8_0', 'F16', 'IQ2_XS'];

const entry = (n) => {
  const name = `${pick(families)} ${1 + next(70)}B ${pick(vocabulary)} ${pick(['Instruct', 'Chat', 'Base', 'Coder'])}`;
  return {
    ...{ id: `hf:bench/${n}`, kind: next(5) ? 'model' : 'adapter', origin: 'hub', name, publisher: pick(publishers) },
    description: Array.from({ length: 12 }, () => pick(vocabulary)).join(' '),
    ...{ license: pick(licenses), parameters: 1e9, quantization: pick(quantizations), contextLength: 8192 },
    ...{ sizeBytes: 1e8 + next(1e9), digest: null, baseModel: `${pick(families)}-base`, baseDigest: null },
    ...{ languages: [pick(languages), pick(languages)], capabilities: [pick(capabilities)], encodings: ['gguf'] },
    ...{ places: { repo: `bench/${n}` }, addedAt: new Date(1.7e12 + next(1e10)) },
  };
};

const slip = (text) => text.slice(0, 3) + text[4] + text[3] + text.slice(5);
const rare = () => pick(vocabulary.filter((one) => one.length > 6));
const searches = {
  'nothing typed': () => ({}),
  'a frequent word': () => ({ q: pick(families) }),
  'a rare word': () => ({ q: rare() }),
  'two words and a facet': () => ({ q: `${pick(families)} coder`, license: pick(licenses) }),
  'three letters': () => ({ q: rare().slice(0, 3) }),
  'a mistyped word': () => ({ q: slip(rare()) }),
  'three facets': () => ({ language: pick(languages), capability: pick(capabilities), quantization: 'Q8_0' }),
  'what fits the server': () => ({ fits: 'server' }),
  'a word that fits a browser': () => ({ q: pick(families), fits: 'browser', browserMemory: 15e8 }),
  'hardly anything fits': () => ({ fits: 'browser', browserMemory: 91e7 }),
  'sorted by size': () => ({ q: pick(families), sort: 'size' }),
};

async function measure(name, url) {
  const db = await Database.connect(url);
  await migrate(db);
  const entries = new CatalogueEntries(db, new KeptHeaders(db));
  const config = loadConfig({ DATA_DIR: folder });
  const fits = new EntryFits({ lately: async () => machine }, { freeBytes: async () => 1e11 });
  const handler = new SearchCatalogueHandler(
    db,
    new QueryWords(db),
    new InstalledModels(db),
    new EntryRows(db, config, fits),
    new LocalEntries(new LocalModels(config), entries),
    fits,
  );
  const began = performance.now();
  for (let n = 0; n < ENTRIES; n += 500) await entries.put(Array.from({ length: 500 }, (_, i) => entry(n + i)));
  await db.query(`UPDATE explore.catalogue_entries SET uses = (hashtext(id) & 65535) / 64 WHERE hashtext(id) % 4 = 0`);
  await db.query('VACUUM ANALYZE explore.catalogue_entries');
  await db.query('VACUUM ANALYZE explore.catalogue_words');
  console.log(`${name}: ${ENTRIES} entries stored in ${round((performance.now() - began) / 1000, 1)} s`);
  const context = { actor: { userId: randomUUID(), role: 'user' } };
  const run = async (ask) => {
    const from = performance.now();
    const page = await handler.handle(SearchCatalogue.schema.parse(ask), context);
    return { ms: performance.now() - from, page };
  };
  const times = Object.fromEntries(Object.keys(searches).map((key) => [key, []]));
  times['the second page'] = [];
  for (let turn = 0; turn < ROUNDS + WARM_UP; turn++)
    for (const [key, make] of Object.entries(searches)) {
      const ask = make();
      const { ms, page } = await run(ask);
      if (turn < WARM_UP) continue;
      times[key].push(ms);
      if (page.nextCursor) times['the second page'].push((await run({ ...ask, cursor: page.nextCursor })).ms);
    }
  await db.close();
  return times;
}

const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
try {
  const results = {};
  await initFolder(join(folder, 'db'));
  results.PGlite = await measure('PGlite', `pglite://${join(folder, 'db')}`);
  const services = await provideServices(['postgres']);
  const server = services.env.TEST_POSTGRES_URL;
  if (server) {
    const database = `bench_${Date.now()}`;
    const administrate = async (sql) => {
      const client = new pg.Client({ connectionString: server });
      await client.connect();
      await client.query(sql);
      await client.end();
    };
    await administrate(`CREATE DATABASE ${database}`);
    results.PostgreSQL = await measure('PostgreSQL', Object.assign(new URL(server), { pathname: `/${database}` }).href);
    await administrate(`DROP DATABASE ${database}`);
  } else console.log(`without PostgreSQL: ${services.missing.join('; ')}`);
  await services.stop();
  const rows = {};
  for (const [database, times] of Object.entries(results)) {
    const all = Object.values(times).flat();
    for (const [key, values] of [...Object.entries(times), ['all', all]])
      (rows[key] ??= {})[database] = `${round(quantile(values, 0.5), 1)} / ${round(quantile(values, 0.99), 1)}`;
  }
  for (const row of Object.values(rows)) row.target = 'p99 ≤ 50';
  report(`A search over ${ENTRIES} entries, median / p99 in ms`, rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
