// What a persisted turn adds to the first token of a pass-through, over an engine that answers at once: storing the
// message, the queue, the worker, the log, and the second request that follows the stream.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  chat,
  complete,
  cpuMsOf,
  get,
  median,
  parley,
  post,
  quantile,
  report,
  round,
  stubUpstream,
} from './lib/bench.mjs';

const REST_MS = 25;
const ROUNDS = Number(process.env.ROUNDS ?? 300);
const upstream = await stubUpstream();
const server = parley({ env: { INFERENCE_UPSTREAM_URL: upstream } });
const url = await server.url();
const id = (await get(url, '/v1/models')).data[0].id;

const passed = [];
const persisted = [];
const cpu = { passed: 0, persisted: 0 };
for (let turn = 0; turn < ROUNDS + 50; turn++) {
  const { id: conversationId } = await (await post(url, '/api/conversations', {})).json();
  await sleep(REST_MS);
  const before = cpuMsOf(server.child.pid);
  const through = await complete(url, { model: id, messages: [{ role: 'user', content: 'Hello' }] });
  const between = cpuMsOf(server.child.pid);
  const turned = await chat(url, 'Hello', 16, { model: id, conversationId });
  // What a persisted turn does after its end must not be in the way of the next request.
  await sleep(REST_MS);
  if (turn < 50) continue;
  cpu.passed += between - before;
  cpu.persisted += cpuMsOf(server.child.pid) - between;
  passed.push(through.first);
  persisted.push(turned.first);
}
const row = (name, values, cpuMs) => ({
  name,
  'p50 ms': round(median(values)),
  'p90 ms': round(quantile(values, 0.9)),
  'min–max ms': `${round(quantile(values, 0))}–${round(quantile(values, 1))}`,
  'server CPU ms': round(cpuMs / ROUNDS),
});
report('First token over a stub upstream', [
  row('pass-through', passed, cpu.passed),
  row('persisted turn', persisted, cpu.persisted),
]);
console.log(`added, median of pairs: ${round(median(persisted.map((ms, at) => ms - passed[at])))} ms (≤ 1.5)`);
process.exit(0);
