// What a persisted turn adds to the first token of a pass-through, over an engine that answers at once: storing the
// message, the queue, the worker, the log, and the second request that follows the stream.
import { startStubUpstream } from '../../libs/testing/src/stub-upstream.ts';
import { chat, complete, get, median, parley, quantile, report, round } from './lib/bench.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 300);
const upstream = await startStubUpstream();
const server = parley({ env: { INFERENCE_UPSTREAM_URL: upstream.url } });
const url = await server.url();
const id = (await get(url, '/v1/models')).data[0].id;

const passed = [];
const persisted = [];
for (let turn = 0; turn < ROUNDS + 50; turn++) {
  const through = await complete(url, { model: id, messages: [{ role: 'user', content: 'Hello' }] });
  const turned = await chat(url, 'Hello', 16, { model: id });
  if (turn < 50) continue;
  passed.push(through.first);
  persisted.push(turned.first);
}
const row = (name, values) => ({ name, 'p50 ms': round(median(values)), 'p90 ms': round(quantile(values, 0.9)) });
report('First token over a stub upstream', [row('pass-through', passed), row('persisted turn', persisted)]);
console.log(`added, median of pairs: ${round(median(persisted.map((ms, at) => ms - passed[at])))} ms (≤ 1.5)`);
process.exit(0);
