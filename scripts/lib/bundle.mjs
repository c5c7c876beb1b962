import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { http2WhenUsed, httpWithoutFetch, undiciWithoutFetch } from './light-http.mjs';
import { root } from './run.mjs';

/**
 * What stays in node_modules: packages that find files of their own beside them, native code above all. Everything else is a
 * part of the bundle, once: two copies of one class are two classes.
 */
const outside = /^(node-llama-cpp|@electric-sql\/pglite|@node-rs\/argon2|pino-pretty)(\/|$)/;

/** Processes that are started by their file; what they share is in chunks. */
const entries = () => ['dist/src/main.js', ...globSync('dist/apps/*/main.js', { cwd: root })];

/**
 * Puts the entries of dist/ and all that they import into some forty files, in place: loading two thousand and eight hundred
 * small ones takes half a second of every start. The modules beside them stay for what is loaded by its path (migrations,
 * the engine's child process).
 *
 * @throws an error that names each import which cannot be resolved
 */
export async function bundle() {
  const unresolved = new Set();
  const bundled = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries().map((file) => [file.slice('dist/'.length, -'.js'.length), BEGINNING + file])),
    platform: 'node',
    external: outside,
    plugins: [
      beginning,
      sourcesOfOurs,
      httpWithoutFetch,
      undiciWithoutFetch,
      http2WhenUsed,
      pinoWithoutCallers,
      plainCharacters,
      importsOfOthers,
    ],
    onLog(level, log, report) {
      // Nest and TypeORM try packages that nobody has to have; what the bundle has not they find missing, as before.
      if (log.code === 'UNRESOLVED_IMPORT') unresolved.add(log.message);
      else if (log.code !== 'EVAL' && log.code !== 'COMMONJS_VARIABLE_IN_ESM') report(level, log);
    },
  });
  const { output } = await bundled.write({
    dir: join(root, 'dist'),
    format: 'cjs',
    entryFileNames: 'chunks/[name]-[hash].cjs',
    chunkFileNames: 'chunks/[name]-[hash].cjs',
    // Nest shows class names in its errors and logs.
    keepNames: true,
    // Each start reads all of it again. Names stay: what a stack shows is still to be read.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true, asciiOnly: true } },
    sourcemap: true,
  });
  await bundled.close();
  for (const { name, fileName, isEntry } of output) if (isEntry) writeEntry(name, fileName);
}

/** Node runs this one, and it the bundle's. */
function writeEntry(name, fileName) {
  const up = '../'.repeat(name.split('/').length - 1);
  writeFileSync(
    join(root, 'dist', `${name}.js`),
    `import { runCompiled } from '${up}libs/compiled/src/index.js';
await runCompiled(new URL('${up}${fileName}', import.meta.url), new URL('${up}../.cache/', import.meta.url));
`,
  );
}

const BEGINNING = '\0begin:';

/**
 * Each process begins alike: reflect-metadata is there before any class with a decorator. An import could not see to that order:
 * chunks run in one of their own. CommonJS knows no `await` beside its functions, so an entry exports what is to be waited for.
 */
const beginning = {
  name: 'beginning',
  resolveId: (source) => (source.startsWith(BEGINNING) ? source : null),
  load(id) {
    if (!id.startsWith(BEGINNING)) return null;
    const file = id.slice(BEGINNING.length);
    return `export async function run() {
      await import('reflect-metadata');
      const { running } = await import(${JSON.stringify(join(root, file))});
      await running;
    }`;
  },
};

/** Takes along the source map that TypeScript wrote, so that a stack names lines of the sources. */
const sourcesOfOurs = {
  name: 'sources-of-ours',
  load(id) {
    if (!id.startsWith(join(root, 'dist'))) return null;
    return { code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8') };
  },
};

const CALLERS = '\0pino-callers';

/**
 * A logger of pino asks which files call it, to find a transport beside them; we have none. With source maps, as `npm start`
 * runs, that question alone reads the map of the whole bundle: half of what they cost a start.
 */
const pinoWithoutCallers = {
  name: 'pino-without-callers',
  resolveId: (source, importer) => (source === './lib/caller' && importer?.includes('/pino/') ? CALLERS : null),
  load: (id) => (id === CALLERS ? 'module.exports = () => [];' : null),
};

/**
 * One character beyond ASCII makes V8 hold a file at two bytes a character, and Node decode it slowly: 45 ms for 6 MB.
 * Strings are escaped already; what is left is in comments on licences.
 */
const plainCharacters = {
  name: 'plain-characters',
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type === 'chunk') file.code = file.code.replaceAll(/[^\0-\x7f]/g, '?');
    }
  },
};

/** A script of node:vm imports nothing itself; who loads it does (`libs/compiled`). What is in the bundle is required by now. */
const importsOfOthers = {
  name: 'imports-of-others',
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type === 'chunk') file.code = file.code.replaceAll(/(?<![\w$.])import\(/g, 'importOutside(');
    }
  },
};
