// Tokens a second through the whole product (HTTP, bus, log, database) against node-llama-cpp alone on the same model,
// prompts and settings, and against a llama-server whose path is in LLAMA_SERVER.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { chat, complete, cores, median, parleyWithModel, realModel, report, root, round, start } from './lib/bench.mjs';

const TOKENS = 120;
const ROUNDS = Number(process.env.ROUNDS ?? 5);
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
const questions = topics.map((topic) => `Write a very long story about ${topic}. Describe everything in detail.`);
const template = (text) =>
  `<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`;

const model = await realModel();
const env = { INFERENCE_PARALLEL: '8', INFERENCE_CONTEXT_TOKENS: '2048', INFERENCE_THREADS: String(cores) };

async function productAt(count) {
  const server = await parleyWithModel(model, env);
  const began = performance.now();
  const answers = await Promise.all(questions.slice(0, count).map((text) => chat(server.url, text, TOKENS)));
  const seconds = (performance.now() - began) / 1000;
  await server.kill('SIGTERM');
  return answers.reduce((sum, { metadata }) => sum + metadata.completionTokens, 0) / seconds;
}

async function aloneAt(count) {
  const args = [join(root, 'test/bench/lib/llama-alone.mjs'), model, String(cores), '8', '2048'];
  const alone = start(process.execPath, args, { env: { UV_THREADPOOL_SIZE: '1' }, pattern: /^ready$/ });
  await alone.ready;
  const lines = createInterface({ input: alone.child.stdout });
  const run = async (prompts, maxTokens) => {
    alone.child.stdin.write(`${JSON.stringify({ prompts, maxTokens })}\n`);
    for (;;) {
      const [line] = await once(lines, 'line');
      if (line.startsWith('result ')) return JSON.parse(line.slice(7));
    }
  };
  await run([template('Hello')], 1);
  const { tokens, seconds } = await run(questions.slice(0, count).map(template), TOKENS);
  await alone.kill();
  return tokens / seconds;
}

async function llamaServerAt(count) {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const args = [
    '-m',
    model,
    '-t',
    String(cores),
    '-c',
    '16384',
    '-np',
    '8',
    '--host',
    '127.0.0.1',
    '--port',
    `${port}`,
  ];
  const server = start(process.env.LLAMA_SERVER, args, { pattern: /listening/ });
  await server.ready;
  const url = `http://127.0.0.1:${port}`;
  const ask = (text, max_tokens) => {
    const messages = [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: text },
    ];
    return complete(url, { model: 'any', messages, max_tokens });
  };
  await ask('Hello', 1);
  const began = performance.now();
  const answers = await Promise.all(questions.slice(0, count).map((text) => ask(text, TOKENS)));
  const seconds = (performance.now() - began) / 1000;
  await server.kill();
  return answers.reduce((sum, { usage }) => sum + usage.completion_tokens, 0) / seconds;
}

const rows = [];
for (const count of [1, 8]) {
  const speeds = { product: [], alone: [], llamaServer: [] };
  for (let turn = 0; turn < ROUNDS; turn++) {
    speeds.product.push(await productAt(count));
    speeds.alone.push(await aloneAt(count));
    if (process.env.LLAMA_SERVER) speeds.llamaServer.push(await llamaServerAt(count));
  }
  const against = (others) => round(median(speeds.product.map((speed, turn) => speed / others[turn])));
  rows.push({
    chats: count,
    'product tok/s': round(median(speeds.product), 1),
    'alone tok/s': round(median(speeds.alone), 1),
    'product/alone (≥ 0.95)': against(speeds.alone),
    [`product/llama-server (≥ ${count === 1 ? '1.0' : '0.95'})`]: process.env.LLAMA_SERVER
      ? against(speeds.llamaServer)
      : 'skipped: LLAMA_SERVER is not set',
  });
}
report('Tokens a second, greedy, medians of pairs', rows);
process.exit(0);
