// Tokens a second through the whole product (HTTP, bus, log, database) against node-llama-cpp alone on the same model,
// prompts and settings, and against a llama-server whose path is in LLAMA_SERVER.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import {
  chat,
  complete,
  cores,
  cpuMsOf,
  median,
  parleyWithModel,
  ratio,
  realModel,
  report,
  root,
  round,
  start,
} from './lib/bench.mjs';

const TOKENS = 120;
const ROUNDS = { 1: Number(process.env.ROUNDS ?? 5), 8: Number(process.env.ROUNDS ?? 3) };
const CONTEXT = 2048;
const topics = [
  'a lighthouse',
  'an old train',
  'the sea',
  'a market',
  'winter',
  'a violin',
  'two brothers',
  'a garden',
];
/** New ones for each round, so that nobody finds them in a cache. */
const questionsOf = (round, count) =>
  topics.slice(0, count).map((topic) => `Write long story number ${round} about ${topic}. Describe all in detail.`);
const template = (text) =>
  `<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`;

const model = await realModel();

/** Each contender stays up, at rest while the others have their turn, and answers questions: how many tokens? */
async function product() {
  const server = await parleyWithModel(model, {
    INFERENCE_PARALLEL: '8',
    INFERENCE_CONTEXT_TOKENS: String(CONTEXT),
    INFERENCE_THREADS: String(cores),
  });
  const ask = async (questions) => {
    const answers = await Promise.all(questions.map((text) => chat(server.url, text, TOKENS)));
    return answers.reduce((sum, { metadata }) => sum + metadata.completionTokens, 0);
  };
  return { ask, pid: server.child.pid };
}

async function alone() {
  const args = [join(root, 'test/bench/lib/llama-alone.mjs'), model, String(cores), '8', String(CONTEXT)];
  const engine = start(process.execPath, args, { env: { UV_THREADPOOL_SIZE: '1' }, pattern: /^ready$/ });
  await engine.ready;
  const lines = createInterface({ input: engine.child.stdout });
  const ask = async (questions) => {
    engine.child.stdin.write(`${JSON.stringify({ prompts: questions.map(template), maxTokens: TOKENS })}\n`);
    for (;;) {
      const [line] = await once(lines, 'line');
      if (line.startsWith('result ')) return JSON.parse(line.slice(7)).tokens;
    }
  };
  return { ask };
}

async function llamaServer() {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const settings = { '-m': model, '-t': cores, '-c': 8 * CONTEXT, '-np': 8, '--host': '127.0.0.1', '--port': port };
  const server = start(process.env.LLAMA_SERVER, Object.entries(settings).flat().map(String), { pattern: /listening/ });
  await server.ready;
  const ask = async (questions) => {
    const answers = await Promise.all(
      questions.map((text) => {
        const system = { role: 'system', content: 'You are a helpful assistant.' };
        const messages = [system, { role: 'user', content: text }];
        return complete(`http://127.0.0.1:${port}`, { model: 'any', messages, max_tokens: TOKENS });
      }),
    );
    return answers.reduce((sum, { usage }) => sum + usage.completion_tokens, 0);
  };
  return { ask };
}

const contenders = { product: await product(), alone: await alone() };
if (process.env.LLAMA_SERVER) contenders.llamaServer = await llamaServer();
const rows = [];
// The eight first: then each sequence has been used, as in a server that has run for a while.
for (const count of [8, 1]) {
  const speeds = { product: [], alone: [], llamaServer: [] };
  let [tokens, cpuMs, readerMs] = [0, 0, 0];
  // Round 0 warms everybody up.
  for (let turn = 0; turn <= ROUNDS[count]; turn++) {
    for (const [name, { ask, pid }] of Object.entries(contenders)) {
      const cpuBefore = pid ? cpuMsOf(pid) : 0;
      const readerBefore = process.cpuUsage();
      const began = performance.now();
      const answered = await ask(questionsOf(100 * count + turn, count));
      if (turn === 0) continue;
      speeds[name].push(answered / ((performance.now() - began) / 1000));
      if (!pid) continue;
      [tokens, cpuMs] = [tokens + answered, cpuMs + cpuMsOf(pid) - cpuBefore];
      const reader = process.cpuUsage(readerBefore);
      readerMs += (reader.user + reader.system) / 1000;
    }
  }
  rows.push({
    chats: count,
    'product tok/s': round(median(speeds.product), 1),
    'alone tok/s': round(median(speeds.alone), 1),
    'product/alone (≥ 0.95)': ratio(speeds.product, speeds.alone),
    [`product/llama-server (≥ ${count === 1 ? '1.0' : '0.95'})`]: process.env.LLAMA_SERVER
      ? ratio(speeds.product, speeds.llamaServer)
      : 'skipped: LLAMA_SERVER is not set',
    'server CPU ms/token': round(cpuMs / tokens),
    "this benchmark's": round(readerMs / tokens),
  });
}
report('Tokens a second, greedy: medians of rounds, and of the ratios of each round (min–max)', rows);
process.exit(0);
