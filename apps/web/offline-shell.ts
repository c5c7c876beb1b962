import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { rolldown } from 'rolldown';
import type { Plugin } from 'vite';
import type { Build } from './src/offline/worker/shell.js';

/** A larger file that the first view does without is an engine's: not everybody needs it. */
const LARGE = 2 ** 18;

/**
 * Writes `service-worker.js`, which knows the name or digest of every file of this build. Before `precompress`, and
 * without workbox: a list of files and four ways to answer need none of its 200 packages.
 */
export function offlineShell(): Plugin {
  let outDir = '';
  return {
    name: 'offline-shell',
    apply: 'build',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    async writeBundle() {
      const build = await describe(outDir);
      const bundled = await rolldown({
        input: resolve(import.meta.dirname, 'src/offline/worker/service-worker.ts'),
        platform: 'browser',
      });
      const intro = `const BUILD = ${JSON.stringify(build)};`;
      await bundled.write({ file: join(outDir, 'service-worker.js'), format: 'iife', minify: true, intro });
      await bundled.close();
    },
  };
}

async function describe(folder: string): Promise<Build> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !/\.(?:br|gz|map)$/.test(entry.name) && entry.name !== 'service-worker.js')
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const html = await readFile(join(folder, 'index.html'), 'utf8');
  const build = { version: '', shell: {} as Record<string, string | null>, parts: [] as string[] };
  for (const file of paths) {
    const path = `/${relative(folder, file).split(sep).join('/')}`;
    const content = await readFile(file);
    if (path.startsWith('/assets/')) {
      if (content.length > LARGE && !html.includes(path)) build.parts.push(path);
      else build.shell[path] = null;
    } else {
      build.shell[path === '/index.html' ? '/' : path] = createHash('sha256').update(content).digest('hex');
    }
  }
  build.version = createHash('sha256').update(JSON.stringify(build)).digest('hex').slice(0, 16);
  return build;
}
