// Idle resident memory of the product against a Node process that only opens the same database with PGlite.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canMeasureMemory, copyOf, median, memoryOf, parley, ratio, report, round, skip, start } from './lib/bench.mjs';

if (!canMeasureMemory) skip('no /proc/<pid>/smaps_rollup on this machine');
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const IDLE_MS = 8_000;
const first = parley();
await first.url();
await first.kill('SIGTERM');

const alone = `
import { PGlite } from '@electric-sql/pglite';
const db = await PGlite.create(process.argv[1]);
await db.query('select 1');
console.log('ready');
setInterval(() => undefined, 60_000);
`;
const figures = { product: [], alone: [] };
for (let turn = 0; turn < ROUNDS; turn++) {
  const server = parley({ dataDir: first.dataDir });
  await server.url();
  await sleep(IDLE_MS);
  figures.product.push(memoryOf(server.child.pid));
  await server.kill('SIGTERM');
  const folder = copyOf(join(first.dataDir, 'db'));
  const pglite = start(process.execPath, ['--input-type=module', '-e', alone, folder], { pattern: /^ready$/ });
  await pglite.ready;
  await sleep(IDLE_MS);
  figures.alone.push(memoryOf(pglite.child.pid));
  await pglite.kill();
}
const row = (name, values) => ({
  name,
  'resident MiB': round(median(values.map(({ rss }) => rss)), 0),
  'proportional MiB': round(median(values.map(({ pss }) => pss)), 0),
});
const of = (kind, values) => values.map((value) => value[kind]);
report(`Memory after ${IDLE_MS / 1000} s of rest`, [
  row('product', figures.product),
  row('Node with PGlite', figures.alone),
]);
for (const [name, kind] of [
  ['resident', 'rss'],
  ['proportional', 'pss'],
]) {
  console.log(`${name}, product/PGlite alone: ${ratio(of(kind, figures.product), of(kind, figures.alone))} (≤ 1.2)`);
}
process.exit(0);
