import { globSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
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
    input: Object.fromEntries(entries().map((file) => [file.slice('dist/'.length, -'.js'.length), file])),
    platform: 'node',
    external: outside,
    plugins: [sourcesOfOurs, httpWithoutFetch],
    onLog(level, log, report) {
      // Nest and TypeORM try packages that nobody has to have; what the bundle has not they find missing, as before.
      if (log.code === 'UNRESOLVED_IMPORT') unresolved.add(log.message);
      else if (log.code !== 'EVAL' && log.code !== 'COMMONJS_VARIABLE_IN_ESM') report(level, log);
    },
  });
  await bundled.write({
    dir: join(root, 'dist'),
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Nest shows class names in its errors and logs.
    keepNames: true,
    sourcemap: true,
  });
  await bundled.close();
}

/** Takes along the source map that TypeScript wrote, so that a stack names lines of the sources. */
const sourcesOfOurs = {
  name: 'sources-of-ours',
  load(id) {
    if (!id.startsWith(join(root, 'dist'))) return null;
    return { code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8') };
  },
};

const HTTP = '\0node:http';

/**
 * An import of node:http reads each of its exports, and some of them (WebSocket and its events) load all of Node's own fetch
 * when they are read: 40 ms of a start. Nobody here uses them.
 */
const httpWithoutFetch = {
  name: 'http-without-fetch',
  resolveId(source, _, { kind }) {
    return /^(node:)?http$/.test(source) && kind === 'import-statement' ? HTTP : null;
  },
  load(id) {
    if (id !== HTTP) return null;
    const names = Object.entries(Object.getOwnPropertyDescriptors(http)).flatMap(([name, { get }]) =>
      get ? [] : [name],
    );
    return `const http = process.getBuiltinModule('node:http');
      export default http;
      export const { ${names.join(', ')} } = http;`;
  },
};
