import { startTraceCollector, type TraceCollector } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTracing, type TraceContext, tracer, type TracingOptions } from './index.js';

const CALLER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('tracing', () => {
  let collector: TraceCollector;
  let stop: ((withinMs: number) => Promise<void>) | undefined;
  let told: { ok: boolean; error?: Error }[];
  let ambient: TraceContext | undefined;

  async function start(options: Partial<TracingOptions> = {}): Promise<void> {
    stop = await startTracing({
      endpoint: collector.url,
      service: 'parley-test',
      version: '1.2.3',
      sampler: 'parentbased_always_on',
      ratio: 1,
      ambient: () => ambient,
      onExport: (outcome) => told.push(outcome),
      ...options,
    });
  }
  const flushed = async () => {
    await stop?.(2_000);
    stop = undefined;
    return collector.spans;
  };

  beforeEach(async () => {
    collector = await startTraceCollector();
    told = [];
    ambient = undefined;
  });
  afterEach(async () => {
    await stop?.(100);
    stop = undefined;
    await collector.close();
    vi.unstubAllEnvs();
  });

  it('is off until it is started, and after its end', async () => {
    expect(tracer()).toBeUndefined();
    await start();
    expect(tracer()).toBeDefined();
    await flushed();
    expect(tracer()).toBeUndefined();
    expect(collector.requests).toEqual([]);
  });

  it('sends spans with their parents, kinds and attributes', async () => {
    await start();
    const edge = tracer()!.begin({ name: 'GET /things', kind: 'server', attributes: { 'http.route': '/things' } });
    const inner = tracer()!.start({ name: 'ask', kind: 'client' }, edge)!;
    inner.set({ count: 3, share: 0.5, yes: true, left: undefined, list: ['a', 'b'] });
    inner.end();
    edge.rename('GET /others');
    edge.end();

    const [child, parent] = await flushed();
    expect(parent).toMatchObject({ name: 'GET /others', kind: 'server', parentSpanId: '', failed: false });
    expect(parent!.attributes).toEqual({ 'http.route': '/things' });
    expect(child).toMatchObject({
      name: 'ask',
      kind: 'client',
      traceId: parent!.traceId,
      parentSpanId: parent!.spanId,
    });
    expect(child!.attributes).toEqual({ count: 3, share: 0.5, yes: true, list: ['a', 'b'] });
    expect(edge.traceparent).toBe(`00-${parent!.traceId}-${parent!.spanId}-01`);
    expect(Math.abs(Date.now() - parent!.endedAt)).toBeLessThan(60_000);
    expect(parent!.endedAt).toBeGreaterThanOrEqual(parent!.startedAt);
    expect(collector.requests[0]).toMatchObject({
      path: '/v1/traces',
      headers: { 'content-type': 'application/x-protobuf' },
    });
  });

  it('goes on where a caller began, with its state', async () => {
    await start();
    const edge = tracer()!.begin({ name: 'GET' }, { traceparent: CALLER, tracestate: 'other=1' });
    expect(edge.tracestate).toBe('other=1');
    edge.end();
    expect((await flushed())[0]).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      parentSpanId: '00f067aa0ba902b7',
      traceState: 'other=1',
    });
  });

  it('makes no trace of what happens by itself', async () => {
    await start();
    expect(tracer()!.start({ name: 'tick' })).toBeUndefined();
    ambient = tracer()!.begin({ name: 'edge' });
    tracer()!.start({ name: 'within' })!.end();
    expect(await flushed()).toMatchObject([{ name: 'within', parentSpanId: ambient.traceparent!.slice(36, 52) }]);
  });

  it('tells a fault by its code and never by its message, and does not blame work that answered no', async () => {
    await start();
    const end = (error: unknown) => tracer()!.begin({ name: 'work' }).end(error);
    end(Object.assign(new Error('secret words'), { code: 'ECONNREFUSED' }));
    end(new TypeError('secret words'));
    end({ kind: 'not-found', code: 'chat.no-such', message: 'secret words' });
    end('secret words');
    const spans = await flushed();
    expect(spans.map(({ attributes, failed }) => [attributes['error.type'], failed])).toEqual([
      ['ECONNREFUSED', true],
      ['TypeError', true],
      ['chat.no-such', false],
      ['unknown', true],
    ]);
    expect(JSON.stringify(spans)).not.toContain('secret');
  });

  it('names the service, unless the environment does', async () => {
    await start();
    tracer()!.begin({ name: 'a' }).end();
    const [span] = await flushed();
    expect(span!.resource).toMatchObject({
      'service.name': 'parley-test',
      'service.namespace': 'parley',
      'service.version': '1.2.3',
      'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });

    vi.stubEnv('OTEL_SERVICE_NAME', 'mine');
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test,team=a%20b');
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-key=k%3D1');
    await start();
    tracer()!.begin({ name: 'b' }).end();
    expect((await flushed())[1]!.resource).toMatchObject({
      'service.name': 'mine',
      'deployment.environment.name': 'test',
      team: 'a b',
    });
    expect(collector.requests.at(-1)!.headers['x-key']).toBe('k=1');
  });

  it.each([
    ['always_off', 0, 0, 0],
    ['always_on', 0, 20, 1],
    ['parentbased_always_off', 1, 0, 1],
    ['traceidratio', 0, 0, 0],
    ['parentbased_traceidratio', 1, 20, 1],
  ])(
    'keeps what the sampler %s with %d keeps, and says so to whoever comes next',
    async (sampler, ratio, own, called) => {
      await start({ sampler, ratio });
      for (let n = 0; n < 20; n++) {
        const span = tracer()!.begin({ name: 'own' });
        expect(span.traceparent.endsWith(own > 0 ? '-01' : '-00')).toBe(true);
        span.end();
      }
      tracer()!.begin({ name: 'called' }, { traceparent: CALLER }).end();
      const names = (await flushed()).map(({ name }) => name);
      expect(names.filter((name) => name === 'own')).toHaveLength(own);
      expect(names.filter((name) => name === 'called')).toHaveLength(called);
    },
  );

  it('says once that a receiver refuses, and once that it takes spans again', async () => {
    await start();
    collector.answer(400);
    const sent = async (requests: number) => {
      tracer()!.begin({ name: 'a' }).end();
      await expect.poll(() => collector.requests.length).toBe(requests);
    };
    await sent(1);
    await expect.poll(() => told.length).toBe(1);
    await sent(2);
    collector.answer(200);
    await sent(3);
    await expect.poll(() => told.map(({ ok }) => ok)).toEqual([false, true]);
    expect(told[0]!.error?.message).toBeTruthy();
  });

  it('keeps a bounded number of spans, and ends in time, when nobody takes them', async () => {
    const { url } = collector;
    await collector.close();
    await start({ endpoint: url });
    for (let n = 0; n < 10_000; n++) tracer()!.begin({ name: 'lost' }).end();
    const began = performance.now();
    await stop!(300);
    stop = undefined;
    expect(performance.now() - began).toBeLessThan(2_000);
    collector = await startTraceCollector();
  });
});
