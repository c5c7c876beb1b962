// p99 of GET /v1/models while inference saturates the cores, against the same while nothing else happens.
import { setTimeout as sleep } from 'node:timers/promises';
import { authorization, chat, median, parleyWithModel, quantile, realModel, report, round } from './lib/bench.mjs';

const REQUESTS = Number(process.env.REQUESTS ?? 1500);
const server = await parleyWithModel(await realModel(), { INFERENCE_PARALLEL: '4' });

async function measure() {
  const times = [];
  for (let count = 0; count < REQUESTS; count++) {
    const began = performance.now();
    await (await fetch(`${server.url}/v1/models`, { headers: authorization })).arrayBuffer();
    times.push(performance.now() - began);
    await sleep(2);
  }
  return times;
}

await measure();
const idle = await measure();
let busy = true;
const load = Array.from({ length: 4 }, async () => {
  while (busy) await chat(server.url, 'Write a very long story about the sea.', 200);
});
await sleep(1000);
const loaded = await measure();
busy = false;
await Promise.all(load);
const row = (name, times) => ({ name, 'p50 ms': round(median(times)), 'p99 ms': round(quantile(times, 0.99)) });
report('GET /v1/models', [row('idle', idle), row('inference saturates the cores', loaded)]);
console.log(`p99 loaded/idle: ${round(quantile(loaded, 0.99) / quantile(idle, 0.99))} (≤ 3)`);
process.exit(0);
