// What every benchmark needs: the built product as a process, other processes beside it, and medians of rounds that
// alternate, because only the ratio of two things measured in one run means something on a shared machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';

export const root = join(import.meta.dirname, '../../..');
export const cores = availableParallelism();
export const apiKey = 'pk_bench_0123456789abcdefghijk';
export const authorization = { authorization: `Bearer ${apiKey}` };

/** The real model, or the end of the benchmark with the reason. */
export async function realModel() {
  const { testModel } = await import('../../../scripts/fetch-model.mjs');
  const { path, missing } = await testModel();
  if (!path) skip(`no model: ${missing}`);
  return path;
}

export function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(0);
}

export const tempDir = () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

export const copyOf = (folder) => {
  const copy = join(tempDir(), 'copy');
  cpSync(folder, copy, { recursive: true });
  return copy;
};

const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

/** Starts a process; `ready` resolves with the first match of `pattern` on its output. */
export function start(command, args, { env = {}, pattern, cwd = root } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  children.add(child);
  const lines = [];
  const exited = new Promise((resolve) => child.once('exit', resolve));
  void exited.then(() => children.delete(child));
  const ready = new Promise((resolve, reject) => {
    const look = (line) => {
      lines.push(line);
      const found = pattern?.exec(line);
      if (found) resolve(found);
    };
    createInterface({ input: child.stdout }).on('line', look);
    createInterface({ input: child.stderr }).on('line', look);
    void exited.then((code) => reject(new Error(`${command} ended with ${code}:\n${lines.slice(-20).join('\n')}`)));
  });
  ready.catch(() => undefined);
  return { child, ready, exited, lines, kill: (signal = 'SIGKILL') => (child.kill(signal), exited) };
}

/** An OpenAI-compatible server that answers at once, in a process of its own. Resolves to its URL. */
export async function stubUpstream() {
  const stub = start(process.execPath, [join(root, 'test/bench/lib/stub-upstream.mjs')], { pattern: /^url (.*)$/ });
  return (await stub.ready)[1];
}

/** The built product with an account and a key; `dataDir` is kept if given. */
export function parley({ dataDir = tempDir(), env = {} } = {}) {
  const server = start(process.execPath, [join(root, 'dist/src/main.js')], {
    pattern: /"url":"(http:[^"]+)"/,
    cwd: dataDir,
    env: {
      NODE_ENV: 'production',
      PORT: '0',
      DATA_DIR: dataDir,
      LOG_FORMAT: 'json',
      HTTP_RATE_LIMIT: '10000000',
      AUTH_ADMIN_EMAIL: 'bench@example.org',
      AUTH_ADMIN_PASSWORD: 'a bench password',
      AUTH_API_KEY: apiKey,
      EXPLORE_AUTO_INSTALL: 'false',
      ...env,
    },
  });
  return { ...server, dataDir, url: () => server.ready.then(([, url]) => url) };
}

/** The product with the real model installed and loaded. */
export async function parleyWithModel(model, env = {}) {
  const server = parley({
    env: { EXPLORE_AUTO_INSTALL: 'true', EXPLORE_SOURCES: 'folder', EXPLORE_MODEL_FOLDER: model, ...env },
  });
  const url = await server.url();
  while ((await get(url, '/api/models')).items.length === 0) await sleep(100);
  await chat(url, 'Hello', 1);
  return { ...server, url };
}

export async function post(url, path, body) {
  const headers = { ...authorization, 'content-type': 'application/json' };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response;
}

export const get = async (url, path) => (await fetch(url + path, { headers: authorization })).json();

/**
 * Reads a stream of events; `onEvent` gets the name and the data as text. Plain sockets and no parsing of what nobody
 * looks at: the reader runs on the cores that are measured, and has no counterpart in what the product is compared with.
 */
async function readEvents(url, { method = 'GET', headers = {}, body }, onEvent) {
  const asked = request(url, { method, headers: { ...authorization, ...headers } }).end(body);
  const [response] = await once(asked, 'response');
  response.setEncoding('utf8');
  if (response.statusCode !== 200)
    throw new Error(`${url}: ${response.statusCode} ${(await response.toArray()).join('')}`);
  const parser = createParser({ onEvent: ({ event, data }) => onEvent(event, data) });
  response.on('data', (text) => parser.feed(text));
  await once(response, 'end');
}

/** One persisted turn in one request: the message is sent, and the same response streams the answer. */
export async function ask(url, text, maxTokens, { conversationId, model }) {
  const began = performance.now();
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const body = JSON.stringify({ text, model, sampler: { temperature: 0, maxTokens } });
  const path = `/api/conversations/${conversationId}/messages`;
  let first = null;
  let done;
  await readEvents(url + path, { method: 'POST', headers, body }, (event, data) => {
    if (event === 'token') first ??= performance.now() - began;
    if (event === 'done') done = JSON.parse(data);
  });
  if (done?.status !== 'complete') throw new Error(JSON.stringify(done));
  return { first, total: performance.now() - began, metadata: done.metadata };
}

/** One persisted turn: sends a message and follows its stream. Milliseconds from the sending on. */
export async function chat(url, text, maxTokens, { conversationId, model } = {}) {
  const id = conversationId ?? (await (await post(url, '/api/conversations', {})).json()).id;
  const began = performance.now();
  const sampler = { temperature: 0, maxTokens };
  const sent = await post(url, `/api/conversations/${id}/messages`, { text, model, sampler });
  const { answer } = await sent.json();
  const path = `/api/conversations/${id}/messages/${answer.id}/stream`;
  let first = null;
  let done;
  await readEvents(url + path, {}, (event, data) => {
    if (event === 'token') first ??= performance.now() - began;
    if (event === 'done') done = JSON.parse(data);
  });
  if (done?.status !== 'complete') throw new Error(JSON.stringify(done));
  return { conversationId: id, first, total: performance.now() - began, metadata: done.metadata };
}

/** One attached completion. */
export async function complete(url, body, headers = {}) {
  const began = performance.now();
  const asked = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ stream: true, stream_options: { include_usage: true }, temperature: 0, ...body }),
  };
  let first = null;
  let usage;
  await readEvents(`${url}/v1/chat/completions`, asked, (_, data) => {
    if (data === '[DONE]') return;
    const chunk = JSON.parse(data);
    if (chunk.choices?.[0]?.delta?.content) first ??= performance.now() - began;
    usage = chunk.usage ?? usage;
  });
  return { first, total: performance.now() - began, usage };
}

export const sorted = (values) => values.toSorted((a, b) => a - b);
export const quantile = (values, q) => sorted(values)[Math.min(values.length - 1, Math.floor(values.length * q))];
export const median = (values) => quantile(values, 0.5);

/** Resident and proportional memory of a process in MiB. */
export function memoryOf(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1]) / 1024;
  return { rss: mib('Rss'), pss: mib('Pss') };
}

export const canMeasureMemory = existsSync('/proc/self/smaps_rollup');

/** Milliseconds of processor time that a process has used, where the system tells (Linux); it varies least of all. */
export function cpuMsOf(pid) {
  if (!existsSync('/proc/self/stat')) return NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Median of the ratios of pairs measured one after the other, with their spread. */
export function ratio(ours, theirs) {
  const pairs = sorted(ours.map((value, at) => value / theirs[at]));
  return `${round(median(pairs))} (${round(pairs[0])}–${round(pairs.at(-1))})`;
}

/** The figures, each with its target beside it. Nothing is asserted: a benchmark informs. */
export function report(title, rows) {
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  console.log(`\n${title} · ${cores} × ${cpus()[0]?.model.trim()}, ${gib} GiB, Node ${process.version}`);
  console.table(rows);
}

export const round = (value, digits = 2) => Number(value.toFixed(digits));
