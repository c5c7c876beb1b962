// `npm run bench -- <name>` runs test/bench/<name>.bench.mjs (or .ts), or test/bench/<name>/<name>.bench.mjs, against a
// fresh build, on Node 24.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { become, exists, node24, root } from './lib/run.mjs';
import { say } from './lib/say.mjs';
import { orExit, setUp } from './lib/set-up.mjs';

const [name, ...args] = process.argv.slice(2);
/** @type {Map<string, string>} files by name */
const benches = new Map();
for (const path of exists('test/bench') ? readdirSync(join(root, 'test/bench'), { recursive: true }) : []) {
  const file = `test/bench/${path.replaceAll('\\', '/')}`;
  const [, bench] = /([^/]+)\.bench\.(?:mjs|ts)$/.exec(file) ?? [];
  if (bench) benches.set(bench, file);
}
const file = benches.get(name);
if (!file) {
  say(`usage: npm run bench -- <name>; there are: ${[...benches.keys()].join(', ') || 'none yet'}`);
  process.exit(2);
}
await orExit(setUp);
await become(node24(), ['--expose-gc', file, ...args]);
