// The product as one process a module against the product as one process: the same load on the same cores, both on
// PostgreSQL, over an engine that answers at once. What one reader sees of the tokens of one answer. Memory of each.
import { setTimeout as sleep } from 'node:timers/promises';
import { provideServices } from '../../scripts/services.mjs';
import {
  canMeasureMemory,
  cpuMsOf,
  median,
  memoryOf,
  quantile,
  ratio,
  report,
  round,
  skip,
  stubUpstream,
} from './lib/bench.mjs';
import { ask } from './lib/light-client.mjs';
import { product, services as modules } from './lib/topologies.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const TURN_MS = 2_000;
/** Seven processes compile what one does: both must have done so before anything is measured. */
const WARM_MS = 8_000;
const CLIENTS = 16;
const REST_MS = 8_000;
const messages = [{ role: 'user', content: 'Hello' }];

const servers = await provideServices(['postgres', 'rabbitmq']);
const { TEST_POSTGRES_URL: postgres, TEST_RABBITMQ_URL: rabbitmq } = servers.env;
if (!postgres || !rabbitmq) skip(servers.missing.join('; '));
const quick = { postgres, rabbitmq, env: { INFERENCE_UPSTREAM_URL: await stubUpstream() } };
const contenders = {
  single: await product(['parley'], quick),
  split: await product(modules, quick),
};
const models = JSON.parse(await ask(contenders.single.url, 'GET', '/v1/models')).data.map(({ id }) => id);
const slow = models.find((id) => id.endsWith('slow'));
const model = models.find((id) => id !== slow);

/** What a person does, and what a program does; each returns how many requests it made. */
const loads = {
  'chat, as the web client asks': async (url) => {
    const { id } = JSON.parse(await ask(url, 'POST', '/api/conversations', {}));
    const path = `/api/conversations/${id}/messages`;
    const stream = await ask(url, 'POST', path, { text: 'Hello', model }, undefined, 'text/event-stream');
    if (!stream.includes('"complete"')) throw new Error(stream);
    return 2;
  },
  'chat, message and stream apart': async (url) => {
    const { id } = JSON.parse(await ask(url, 'POST', '/api/conversations', {}));
    const path = `/api/conversations/${id}/messages`;
    const { answer } = JSON.parse(await ask(url, 'POST', path, { text: 'Hello', model }));
    const stream = await ask(url, 'GET', `${path}/${answer.id}/stream`);
    if (!stream.includes('"complete"')) throw new Error(stream);
    return 3;
  },
  '/v1, streamed': async (url) => {
    const stream = await ask(url, 'POST', '/v1/chat/completions', { model, messages, stream: true });
    if (!stream.includes('[DONE]')) throw new Error(stream);
    return 1;
  },
  '/v1, whole': async (url) => {
    await ask(url, 'POST', '/v1/chat/completions', { model, messages });
    return 1;
  },
};

if (canMeasureMemory) {
  await sleep(REST_MS);
  const rows = Object.values(contenders).flatMap(({ pids }) =>
    Object.entries(pids).map(([name, pid]) => {
      const { rss, pss } = memoryOf(pid);
      return {
        service: name === 'parley' ? 'all in one process' : name,
        'resident MiB': round(rss, 0),
        'proportional MiB': round(pss, 0),
      };
    }),
  );
  report(`Memory after ${REST_MS / 1000} s of rest`, rows);
}

const rates = {};
for (const { url } of Object.values(contenders))
  for (const load of Object.values(loads)) await requestsPerSecond(url, load, WARM_MS);
for (let turn = 0; turn < ROUNDS; turn++) {
  for (const [name, load] of Object.entries(loads)) {
    const rate = (rates[name] ??= { single: [], split: [], cpu: { single: [], split: [] } });
    for (const [topology, { url, pids }] of Object.entries(contenders)) {
      const before = cpuOf(pids);
      const perSecond = await requestsPerSecond(url, load);
      rate[topology].push(perSecond);
      rate.cpu[topology].push((cpuOf(pids) - before) / ((perSecond * TURN_MS) / 1000));
    }
  }
}
report(
  `Requests a second, ${CLIENTS} clients`,
  Object.entries(rates).map(([name, { single, split, cpu }]) => ({
    name,
    single: round(median(single), 0),
    split: round(median(split), 0),
    'CPU ms each (no servers)': `${round(median(cpu.single))} / ${round(median(cpu.split))}`,
    ratio: `${ratio(split, single)} (≥ 0.6)`,
  })),
);

const gaps = { single: [], split: [] };
for (let turn = 0; turn < ROUNDS; turn++)
  for (const [topology, { url }] of Object.entries(contenders)) gaps[topology].push(...(await gapsOf(url)));
const row = (name) => ({
  name,
  'p50 ms': round(median(gaps[name])),
  'p99 ms': round(quantile(gaps[name], 0.99)),
  'max ms': round(quantile(gaps[name], 1)),
});
report('Between two pieces of one streamed answer', [row('single'), row('split')]);
console.log(
  `added at p99: ${round(quantile(gaps.split, 0.99) - quantile(gaps.single, 0.99))} ms (< 40, one group commit)`,
);
await servers.stop();
process.exit(0);

async function requestsPerSecond(url, load, ms = TURN_MS) {
  const began = performance.now();
  let requests = 0;
  const client = async () => {
    while (performance.now() - began < ms) {
      // Not `requests += await …`: that adds to what was there before the wait, and the others' are lost.
      const made = await load(url);
      requests += made;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return (requests * 1000) / (performance.now() - began);
}

/** Milliseconds between the pieces of one answer, as its reader gets them. */
async function gapsOf(url) {
  const { id } = JSON.parse(await ask(url, 'POST', '/api/conversations', {}));
  const path = `/api/conversations/${id}/messages`;
  const { answer } = JSON.parse(await ask(url, 'POST', path, { text: 'Hello', model: slow }));
  const times = [];
  await ask(url, 'GET', `${path}/${answer.id}/stream`, undefined, (piece) => {
    if (piece.includes('event: token')) times.push(performance.now());
  });
  return times.slice(1).map((time, at) => time - times[at]);
}

function cpuOf(pids) {
  return Object.values(pids).reduce((sum, pid) => sum + cpuMsOf(pid), 0);
}
