// From starting the process to the first token (existing data, stub upstream), against the bare start of
// @portkey-ai/gateway, which is installed in a temporary folder.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  complete,
  get,
  median,
  parley,
  ratio,
  report,
  root,
  round,
  start,
  stubUpstream,
  tempDir,
} from './lib/bench.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const upstream = await stubUpstream();
const env = { INFERENCE_UPSTREAM_URL: upstream };
const first = parley({ env });
const model = (await get(await first.url(), '/v1/models')).data[0].id;
await first.kill('SIGTERM');

async function product() {
  const began = performance.now();
  const server = parley({ dataDir: first.dataDir, env });
  await complete(await server.url(), { model, messages: [{ role: 'user', content: 'Hello' }] });
  const took = performance.now() - began;
  await server.kill('SIGTERM');
  return took;
}

/** What no change of ours makes shorter: Node, and the embedded database on the same folder. */
async function floor() {
  const began = performance.now();
  const args = [join(root, 'test/bench/lib/pglite-alone.mjs'), join(first.dataDir, 'db')];
  const alone = start(process.execPath, args, { pattern: /^ready$/ });
  await alone.ready;
  const took = performance.now() - began;
  await alone.kill();
  return took;
}

function installPortkey() {
  const folder = tempDir();
  const overrides = { hono: '4.9.7', '@hono/node-server': '1.13.5' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, overrides }));
  try {
    execFileSync('npm', ['install', '--silent', '@portkey-ai/gateway@1.15.2'], { cwd: folder, timeout: 180_000 });
    return folder;
  } catch (error) {
    console.log(`skipped @portkey-ai/gateway: ${String(error.message).split('\n')[0]}`);
    return null;
  }
}

async function portkey(folder) {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const began = performance.now();
  const script = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  const gateway = start(process.execPath, [script, `--port=${port}`, '--headless'], { cwd: folder });
  for (;;) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (up) break;
    await sleep(5);
  }
  const took = performance.now() - began;
  await gateway.kill();
  return took;
}

const folder = installPortkey();
const ours = [];
const theirs = [];
const floors = [];
// The first start compiles, the others find what it kept.
await product();
for (let turn = 0; turn < ROUNDS; turn++) {
  ours.push(await product());
  floors.push(await floor());
  if (folder) theirs.push(await portkey(folder));
}
const rows = [
  { name: 'product, to the first token', 'p50 ms': round(median(ours), 0) },
  { name: 'Node and PGlite alone', 'p50 ms': round(median(floors), 0) },
];
if (folder) rows.push({ name: '@portkey-ai/gateway, to its port', 'p50 ms': round(median(theirs), 0) });
report('Start', rows);
console.log(`product/floor: ${ratio(ours, floors)}`);
if (folder) console.log(`product/portkey: ${ratio(ours, theirs)} (≤ 2.5)`);
process.exit(0);
