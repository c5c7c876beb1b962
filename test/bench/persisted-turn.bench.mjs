// What a persisted turn adds to the first token of a pass-through, over an engine that answers at once: storing the
// message, the queue, the worker and the log. The answer comes in the response to the message (`Accept: text/event-stream`);
// beside it, what a second request for the stream costs on top.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ask,
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

const ways = {
  'pass-through': () => complete(url, { model: id, messages: [{ role: 'user', content: 'Hello' }] }),
  'persisted turn': (conversationId) => ask(url, 'Hello', 16, { model: id, conversationId }),
  'the same, in two requests': (conversationId) => chat(url, 'Hello', 16, { model: id, conversationId }),
};
const seen = Object.fromEntries(Object.keys(ways).map((name) => [name, { first: [], cpu: 0 }]));
for (let turn = 0; turn < ROUNDS + 50; turn++) {
  for (const [name, answer] of Object.entries(ways)) {
    const { id: conversationId } = await (await post(url, '/api/conversations', {})).json();
    await sleep(REST_MS);
    const before = cpuMsOf(server.child.pid);
    const { first } = await answer(conversationId);
    // What a persisted turn does after its end must not be in the way of the next request.
    await sleep(REST_MS);
    if (turn < 50) continue;
    seen[name].first.push(first);
    seen[name].cpu += cpuMsOf(server.child.pid) - before;
  }
}
const passed = seen['pass-through'].first;
report(
  'First token over a stub upstream',
  Object.entries(seen).map(([name, { first, cpu }]) => ({
    name,
    'p50 ms': round(median(first)),
    'p90 ms': round(quantile(first, 0.9)),
    'min–max ms': `${round(quantile(first, 0))}–${round(quantile(first, 1))}`,
    'server CPU ms': round(cpu / ROUNDS),
    'added ms': round(median(first.map((ms, at) => ms - passed[at]))),
  })),
);
console.log('added: median of pairs; target of the persisted turn ≤ 1.5 ms');
process.exit(0);
