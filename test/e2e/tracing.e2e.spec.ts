import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  type CollectedSpan,
  type MailServer,
  startMailServer,
  startStubUpstream,
  startTraceCollector,
  type StubUpstream,
  type TraceCollector,
} from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MessageView } from '../../src/chat/contracts/index.js';
import { type Client, Reader } from '../support/client.js';
import { admin, apiKey, Parley } from '../support/parley.js';
import { prepareDataDir, startTiny, until } from '../support/tiny-server.js';
import { split } from '../support/topology.js';

const PROMPT = 'Tell me about the lighthouse keeper';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, tracestate: 'other=kept' };
const serviceOf = (name: string) => (split ? `parley-${name}` : 'parley');

let collector: TraceCollector;
let mails: MailServer;
let upstream: StubUpstream;
let parley: Parley;
let client: Client;

/** Sends JSON as a program does that is traced itself. */
async function call<T>(path: string, body: object, headers: Record<string, string> = CALLER): Promise<T> {
  const response = await fetch(parley.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** The first span that fits, once it and everything above it has come. */
const spanWith = (fits: (span: CollectedSpan) => boolean) =>
  until(async () => collector.spans.find((span) => fits(span) && above(span).at(-1)?.kind === 'server'));

/** The spans that it is below, from its parent up to the edge. */
function above({ traceId, parentSpanId }: CollectedSpan): CollectedSpan[] {
  const parent = collector.spans.find((span) => span.traceId === traceId && span.spanId === parentSpanId);
  return parent ? [parent, ...above(parent)] : [];
}
const told = ({ service, kind, name }: CollectedSpan) => `${service}: ${kind} ${name}`;

async function ask(): Promise<NonNullable<Reader['done']>> {
  const { id } = await client.start();
  const body = { text: PROMPT, sampler: { temperature: 0, maxTokens: 20 } };
  const { answer } = await call<{ answer: MessageView }>(`/api/conversations/${id}/messages`, body);
  const { done } = await new Reader().read(async () => client, answer);
  expect(done?.status).toBe('complete');
  return done!;
}

beforeAll(async () => {
  collector = await startTraceCollector();
  mails = await startMailServer();
  upstream = await startStubUpstream({ tokens: [' a', ' b'], models: ['stub'] });
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret',
    INFERENCE_UPSTREAM_URL: upstream.url,
    SMTP_URL: mails.url,
    SMTP_FROM: 'Parley <parley@chat.example.org>',
    PUBLIC_URL: 'https://chat.example.org',
  };
  ({ parley, client } = await startTiny({ env }));
});
afterAll(async () => {
  await parley?.dispose();
  await Promise.all([collector, mails, upstream].map((server) => server?.close()));
});

describe('a chat message', () => {
  let answer: NonNullable<Reader['done']>;
  let generation: CollectedSpan;
  let path: CollectedSpan[];
  beforeAll(async () => {
    answer = await ask();
    generation = await spanWith(({ name }) => name === 'chat tiny');
    path = above(generation);
  });

  it('is one trace, from its caller through every process to the model', () => {
    const inner = 'chat.send-message.v1';
    const reaction = 'inference.generate-on-answer-requested';
    const edge = 'POST /api/conversations/:conversationId/messages';
    const event = 'chat.answer.requested.v1';
    const steps = path.map(told);
    if (split) {
      // Whichever process has the lead moves events from the outbox to the broker.
      expect(steps[1]).toMatch(/^parley-[a-z]+: /);
      expect(steps.toSpliced(1, 1, steps[1]!.replace(/^parley-[a-z]+: /, ''))).toEqual([
        `parley-inference: consumer process ${reaction}`,
        `producer publish ${event}`,
        `parley-chat: consumer process ${inner}`,
        `parley-gateway: client send ${inner}`,
        `parley-gateway: server ${edge}`,
      ]);
    } else {
      expect(steps).toEqual([
        `parley: consumer process ${reaction}`,
        `parley: internal ${inner}`,
        `parley: server ${edge}`,
      ]);
    }
    expect(path.at(-1)).toMatchObject({ traceId: TRACE, parentSpanId: CALLER.traceparent.slice(36, 52) });
    expect([generation, ...path].map(({ traceState }) => traceState)).toEqual(
      [generation, ...path].map(() => CALLER.tracestate),
    );
    expect(path.map(({ startedAt }) => startedAt)).toEqual(
      path.map(({ startedAt }) => startedAt).toSorted((a, b) => b - a),
    );
  });

  it('is told by the names of OpenTelemetry’s conventions', () => {
    expect(generation).toMatchObject({ service: serviceOf('inference'), failed: false });
    expect(generation.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'llama-cpp',
      'gen_ai.request.model': 'tiny',
      'gen_ai.request.max_tokens': 20,
      'gen_ai.usage.input_tokens': answer.metadata?.['promptTokens'],
      'gen_ai.usage.output_tokens': answer.metadata?.['completionTokens'],
      'gen_ai.response.finish_reasons': [answer.metadata?.['finishReason']],
      'gen_ai.response.time_to_first_chunk': Number(answer.metadata?.['timeToFirstTokenMs']) / 1000,
      'parley.placement': 'server',
    });
    expect(path.at(-1)!.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/api/conversations/:conversationId/messages',
      'http.response.status_code': 202,
    });
    const system = split ? 'rabbitmq' : 'parley';
    expect(path[0]!.attributes).toMatchObject({
      'messaging.system': system,
      'messaging.destination.name': 'inference.generate-on-answer-requested',
      'parley.delivery.attempt': 1,
    });
  });

  it('shows the units of work that store it', async () => {
    const unit = await spanWith((span) => span.name === 'unit of work' && span.service === serviceOf('chat'));
    expect(unit.attributes).toEqual({ 'db.system.name': 'postgresql' });
  });

  it('is found by the lines of the log', () => {
    const lines = parley.log.flatMap((line) =>
      line.startsWith('{') ? [JSON.parse(line) as Record<string, string>] : [],
    );
    const request = lines.find((line) => line['msg'] === 'Request' && line['trace_id'] === TRACE);
    expect(request?.['span_id']).toBe(path.at(-1)!.spanId);
  });
});

describe('what else is traced', () => {
  it('a request of /v1, on to the upstream that answers it', async () => {
    const body = { model: 'upstream/stub', messages: [{ role: 'user', content: PROMPT }] };
    await call('/v1/chat/completions', body);
    const request = await spanWith(({ name, attributes }) => name === 'POST' && 'server.port' in attributes);
    const [generation, ...rest] = above(request);
    expect(request).toMatchObject({ service: serviceOf('inference'), kind: 'client' });
    expect(generation).toMatchObject({ name: 'chat upstream/stub' });
    expect(generation!.attributes).toMatchObject({
      'gen_ai.usage.output_tokens': 2,
      'gen_ai.response.finish_reasons': ['stop'],
      'parley.placement': 'upstream',
    });
    expect(rest.at(-1)).toMatchObject({
      service: serviceOf('gateway'),
      name: 'POST /v1/chat/completions',
      traceId: TRACE,
    });
    const { hostname, port } = new URL(upstream.url);
    expect(request.attributes).toMatchObject({ 'server.address': hostname, 'server.port': Number(port) });
    const [sent] = upstream.requests.filter(({ method }) => method === 'POST');
    expect(sent!.headers).toMatchObject({
      traceparent: `00-${TRACE}-${request.spanId}-01`,
      tracestate: CALLER.tracestate,
    });
  });

  it('an e-mail, in the trace of what it tells of', async () => {
    await call('/api/auth/sign-in', admin, {});
    const email = await spanWith(({ name }) => name === 'send e-mail');
    expect(email).toMatchObject({ service: serviceOf('notifications'), kind: 'client', failed: false });
    expect(email.attributes).toEqual({ 'parley.email.topic': 'security', 'parley.email.attempt': 1 });
    expect(above(email).at(-1)).toMatchObject({ name: 'POST /api/auth/sign-in', parentSpanId: '' });
  });

  it('a request that is refused, as no fault of ours', async () => {
    await expect(client.get('/api/conversations/0190a000-0000-7000-8000-000000000000')).rejects.toThrow(/404/);
    const fits = ({ kind, attributes }: CollectedSpan) =>
      kind === 'server' && attributes['error.type'] === 'chat.conversation-not-found';
    expect(await spanWith(() => true)).toBeDefined();
    const span = await until(async () => collector.spans.find(fits));
    expect(span).toMatchObject({ failed: false, attributes: { 'http.response.status_code': 404 } });
  });
});

describe('traces', () => {
  it('hold nothing that people wrote, no address and no key, and no looks at our health', () => {
    const all = JSON.stringify(collector.spans);
    for (const secret of ['lighthouse', '@example.org', apiKey, 'correct horse', 'secret'])
      expect(all).not.toContain(secret);
    expect(all).not.toMatch(/healthz|readyz/);
    expect(collector.requests[0]!.headers['x-key']).toBe('secret');
  });

  it('come from every process by its name', () => {
    const services = [...new Set(collector.spans.map(({ service }) => service))].toSorted();
    if (!split) expect(services).toEqual(['parley']);
    else
      expect(services).toEqual(
        expect.arrayContaining(['auth', 'chat', 'gateway', 'inference', 'notifications'].map(serviceOf)),
      );
  });

  it('that nobody takes hurt no request, and are complained of once', async () => {
    const { port } = new URL(collector.url);
    const warnings = () => parley.log.filter((line) => line.includes('Traces cannot be exported')).length;
    const asked = parley.names.length;
    await collector.close();
    await ask();
    // The exporter tries for ten seconds before it gives up.
    await until(async () => warnings() > 0);
    await ask();
    expect(warnings()).toBeLessThanOrEqual(asked);
    const spans = collector.spans.length;
    collector = await startTraceCollector(Number(port));
    await ask();
    await until(async () => collector.spans.length > 0);
    expect(spans).toBeGreaterThan(0);
  });

  it('of the last moment are sent before the end', async () => {
    await call('/api/conversations', {}, CALLER);
    expect(await parley.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    const sent = ({ name, traceId }: CollectedSpan) => name === 'POST /api/conversations' && traceId === TRACE;
    expect(collector.spans.filter(sent)).toHaveLength(1);
  });
});

describe('without a receiver in the settings', () => {
  it('nothing of OpenTelemetry is loaded, and what callers say goes on through the messages', async () => {
    const heard = await startTraceCollector();
    const off = await Parley.start({
      dataDir: await prepareDataDir(),
      // Read by the SDK alone, were it there.
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: '',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: heard.url,
        OTEL_TRACES_SAMPLER: 'always_on',
      },
    });
    parley = off;
    try {
      await call('/api/conversations', {});
      expect(off.log.join('\n')).not.toContain('trace_id');
      await off.kill('SIGTERM');
      expect(heard.requests).toEqual([]);
    } finally {
      await off.dispose();
      await heard.close();
    }
  });

  it('no process loads the SDK at its start', () => {
    const root = join(import.meta.dirname, '../../dist');
    const loaded = new Set<string>();
    const open = globSync(['chunks/src/main-*.cjs', 'chunks/apps/*/main-*.cjs'], { cwd: root }).map((file) =>
      join(root, file),
    );
    expect(open).toHaveLength(8);
    for (let file = open.pop(); file; file = open.pop()) {
      if (loaded.has(file) || !existsSync(file)) continue;
      loaded.add(file);
      const source = readFileSync(file, 'utf8');
      // What is required by a function is loaded later; an entry awaits what it begins with.
      const required = /^main\b/.test(basename(file))
        ? /\brequire\("(\.[^"]+)"\)/g
        : /(?<!=>)\brequire\("(\.[^"]+)"\)/g;
      for (const [, name] of source.matchAll(required)) open.push(join(dirname(file), name!));
    }
    expect(loaded.size).toBeGreaterThan(10);
    const sources = [...loaded].map((file) => readFileSync(file, 'utf8')).join('\n');
    expect(sources).toMatch(/=>require\("[^"]*open-telemetry-[^"]+"\)/);
    expect(sources).not.toMatch(/class BatchSpanProcessor|OTLPTraceExporter/);
  });
});
