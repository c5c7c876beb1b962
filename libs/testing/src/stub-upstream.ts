import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface StubUpstreamOptions {
  /** The answer to anything, token by token. Default: that of the tiny sentence model. */
  tokens?: string[];
  /** Before the first token, and before each other one; 0 sends all at once. */
  firstTokenDelayMs?: number;
  tokenDelayMs?: number;
  models?: string[];
  /** Required as bearer token if given. */
  apiKey?: string;
  /** Longer prompts (in characters) are refused as too long. */
  contextCharacters?: number;
  /** Report usage when asked to. Default true. */
  usage?: boolean;
  port?: number;
  /** More models, which answer otherwise. */
  byModel?: Record<string, Pick<StubUpstreamOptions, 'tokens' | 'firstTokenDelayMs' | 'tokenDelayMs'>>;
}

/** What goes wrong with one request. */
export type StubFailure =
  | { status: number; headers?: Record<string, string>; body?: string }
  /** The connection breaks after so many tokens. */
  | { cutAfter: number }
  /** Nothing more is said after so many tokens; -1: not even a status. */
  | { silentAfter: number }
  /** The body as it is, then the end. */
  | { raw: string };

export interface StubRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Record<string, unknown>;
}

export interface StubUpstream {
  /** To be used as base URL, with `/v1`. */
  url: string;
  requests: StubRequest[];
  /** Taken so far. */
  readonly connections: number;
  /** Answers being sent now. */
  readonly openStreams: number;
  /** Resolves when no answer is being sent. */
  idle(): Promise<void>;
  /** The next requests fail so, one after the other; those that have no tokens leave what goes wrong with tokens to others. */
  fail(...failures: StubFailure[]): void;
  close(): Promise<void>;
}

const breaksTokens = (failure?: StubFailure) =>
  failure !== undefined && ('cutAfter' in failure || ('silentAfter' in failure && failure.silentAfter >= 0));

const sentence = [' Hello', ' from', ' the', ' tiny', ' test', ' model', '.'];

/** A server that speaks OpenAI's API well enough for tests and benchmarks, and badly on demand. */
export async function startStubUpstream(options: StubUpstreamOptions = {}): Promise<StubUpstream> {
  const requests: StubRequest[] = [];
  const failures: StubFailure[] = [];
  let openStreams = 0;
  let waiting: (() => void)[] = [];

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(request);
    const path = request.url ?? '/';
    requests.push({ method: request.method ?? '', path, headers: request.headers, body });
    const failure = breaksTokens(failures[0]) && path !== '/v1/chat/completions' ? undefined : failures.shift();
    if (failure && 'status' in failure) {
      response.writeHead(failure.status, { 'content-type': 'application/json', ...failure.headers });
      response.end(failure.body ?? JSON.stringify({ error: { message: 'stub failure', code: null } }));
      return;
    }
    if (failure && 'silentAfter' in failure && failure.silentAfter < 0) return;
    if (failure && 'raw' in failure) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(failure.raw);
      return;
    }
    if (options.apiKey !== undefined && request.headers.authorization !== `Bearer ${options.apiKey}`)
      return refuse(response, 401, 'invalid_api_key', 'Incorrect API key provided.');
    if (path === '/v1/models') return json(response, { object: 'list', data: models(options).map((id) => ({ id })) });
    if (path === '/v1/embeddings') return json(response, embeddings(body));
    if (path !== '/v1/chat/completions') return refuse(response, 404, 'not_found', 'No such path.');
    if (!models(options).includes(String(body['model'])))
      return refuse(response, 404, 'model_not_found', 'The model does not exist.');
    if (promptOf(body).length > (options.contextCharacters ?? Infinity))
      return refuse(response, 400, 'context_length_exceeded', 'This model reads less.');

    openStreams++;
    try {
      await answer(response, body, { ...options, ...options.byModel?.[String(body['model'])] }, failure);
    } finally {
      openStreams--;
      if (openStreams === 0) {
        for (const wake of waiting) wake();
        waiting = [];
      }
    }
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  let connections = 0;
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    get connections() {
      return connections;
    },
    get openStreams() {
      return openStreams;
    },
    idle: async () => {
      if (openStreams > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    fail: (...next) => failures.push(...next),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  response: ServerResponse,
  body: Record<string, unknown>,
  options: StubUpstreamOptions,
  failure: StubFailure | undefined,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const { tokens, reason } = plan(body, options);
  const usage = {
    prompt_tokens: Math.ceil(promptOf(body).length / 4),
    completion_tokens: tokens.length,
    total_tokens: Math.ceil(promptOf(body).length / 4) + tokens.length,
  };
  const base = { id: 'chatcmpl-stub', created: 0, model: body['model'] };
  if (body['stream'] !== true) {
    const message = { role: 'assistant', content: tokens.join('') };
    const choices = [{ index: 0, message, finish_reason: reason }];
    return json(response, { ...base, object: 'chat.completion', choices, usage });
  }

  const chunk = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const pause = async (ms: number | undefined) => {
    if (ms) await sleep(ms, undefined, { signal: gone.signal }).catch(() => {});
  };
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.write(chunk({ role: 'assistant', content: '' }, null));
  await pause(options.firstTokenDelayMs);
  for (const [place, token] of tokens.entries()) {
    if (place > 0) await pause(options.tokenDelayMs);
    if (gone.signal.aborted) return;
    if (failure && 'cutAfter' in failure && failure.cutAfter === place) return void response.destroy();
    if (failure && 'silentAfter' in failure && failure.silentAfter === place) {
      await new Promise((resolve) => response.once('close', resolve));
      return;
    }
    if (!response.write(chunk({ content: token }, null)))
      await Promise.race([
        new Promise((resolve) => response.once('drain', resolve)),
        new Promise((resolve) => response.once('close', resolve)),
      ]);
  }
  response.write(chunk({}, reason));
  const wanted = (body['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage;
  if (wanted && options.usage !== false)
    response.write(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [], usage })}\n\n`);
  response.end('data: [DONE]\n\n');
}

/** The tokens that `stop`, `max_tokens` and `response_format` leave of the answer. */
function plan(body: Record<string, unknown>, options: StubUpstreamOptions): { tokens: string[]; reason: string } {
  const format = body['response_format'] as { json_schema?: { schema?: Schema } } | undefined;
  const schema = format?.json_schema?.schema;
  let tokens = schema ? [...JSON.stringify(instanceOf(schema))] : (options.tokens ?? sentence);
  for (const stop of [body['stop'] ?? []].flat() as string[]) {
    const end = tokens.join('').indexOf(stop);
    if (end >= 0) tokens = cut(tokens, end);
  }
  const max = (body['max_tokens'] ?? body['max_completion_tokens'] ?? Infinity) as number;
  return max < tokens.length ? { tokens: tokens.slice(0, max), reason: 'length' } : { tokens, reason: 'stop' };
}

function cut(tokens: string[], end: number): string[] {
  let start = 0;
  return tokens.flatMap((token) => {
    const kept = token.slice(0, Math.max(0, end - start));
    start += token.length;
    return kept === '' ? [] : [kept];
  });
}

interface Schema {
  type?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
}

function instanceOf(schema: Schema): unknown {
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'object')
    return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, value]) => [key, instanceOf(value)]));
  return { boolean: true, string: 'text', number: 1, integer: 1, array: [] }[schema.type ?? ''] ?? null;
}

/** The same text gives the same vector, another text another one. */
function embeddings(body: Record<string, unknown>): object {
  const vector = (text: string) =>
    [0, 1, 2, 3].map(
      (place) => [...text].reduce((sum, character) => (sum * 31 + character.charCodeAt(0) + place) % 997, 7) / 997,
    );
  const data = ([body['input']].flat() as string[]).map((text, index) => ({ index, embedding: vector(text) }));
  return { object: 'list', data };
}

const models = (options: StubUpstreamOptions) => [
  ...(options.models ?? ['stub-model']),
  ...Object.keys(options.byModel ?? {}),
];

const promptOf = (body: Record<string, unknown>) =>
  ((body['messages'] ?? []) as { content: string }[]).map(({ content }) => content).join('');

function json(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message, code } }));
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
