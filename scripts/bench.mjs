// `npm run bench -- <name>` runs test/bench/<name>.bench.mjs (or .ts) against a fresh build, on Node 24.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { become, exists, node24, root } from './lib/run.mjs';
import { say } from './lib/say.mjs';
import { orExit, setUp } from './lib/set-up.mjs';

const [name, ...args] = process.argv.slice(2);
const benches = new Map(
  (exists('test/bench') ? readdirSync(join(root, 'test/bench'), { recursive: true }) : [])
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.bench\.(mjs|ts)$/.test(file))
    .map((file) => [file.replace(/\.bench\.(mjs|ts)$/, ''), `test/bench/${file}`]),
);
const file = benches.get(name);
if (!file) {
  say(`usage: npm run bench -- <name>; there are: ${[...benches.keys()].toSorted().join(', ') || 'none yet'}`);
  process.exit(2);
}
await orExit(setUp);
await become(node24(), ['--expose-gc', file, ...args]);
