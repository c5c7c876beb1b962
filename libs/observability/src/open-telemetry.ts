import {
  type Attributes as OtelAttributes,
  createTraceState,
  ROOT_CONTEXT,
  type Span as OtelSpan,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer as OtelTracer,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TraceContext } from './trace-context.js';
import { TellingExporter } from './telling-exporter.js';
import type { Attributes, Span, SpanStart, Tracer, TracingOptions } from './tracing.js';

/** Spans gather for so long before they are sent, and so many at most: what comes on top is dropped. */
const GATHERED_MS = 1_000;
const MOST_KEPT = 2_048;

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/** A tracer on OpenTelemetry's SDK, which reads OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_* (headers, timeout, …) itself. */
export function openTelemetry(options: TracingOptions) {
  const { endpoint, service, version, ambient, onExport } = options;
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(
        resourceFromAttributes({
          'service.name': service,
          'service.namespace': 'parley',
          'service.version': version,
          'service.instance.id': randomUUID(),
        }),
      )
      .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
    sampler: samplerOf(options),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new TellingExporter(exporter, onExport),
        scheduledDelayMillis: GATHERED_MS,
        maxQueueSize: MOST_KEPT,
      }),
    ],
  });
  return {
    tracer: new OpenTelemetryTracer(provider.getTracer('parley', version), ambient),
    /** Sends what is kept; what takes longer is lost. Never rejects: who hears of a failure is `onExport`. */
    async stop(withinMs: number): Promise<void> {
      const late = new AbortController();
      const flushed = provider.shutdown().catch(() => undefined);
      await Promise.race([flushed, sleep(withinMs, undefined, { signal: late.signal }).catch(() => undefined)]);
      late.abort();
    },
  };
}

class OpenTelemetryTracer implements Tracer {
  constructor(
    private readonly otel: OtelTracer,
    private readonly ambient: () => TraceContext | undefined,
  ) {}

  begin({ name, kind = 'internal', attributes }: SpanStart, caller?: TraceContext): Span {
    const options = { kind: KINDS[kind], ...(attributes && { attributes: present(attributes) }) };
    return new OpenTelemetrySpan(this.otel.startSpan(name, options, contextOf(caller)), caller?.tracestate);
  }

  start(span: SpanStart, parent = this.ambient()): Span | undefined {
    return parent?.traceparent ? this.begin(span, parent) : undefined;
  }
}

class OpenTelemetrySpan implements Span {
  readonly traceparent: string;

  constructor(
    private readonly otel: OtelSpan,
    readonly tracestate: string | undefined,
  ) {
    const { traceId, spanId, traceFlags } = otel.spanContext();
    this.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  set(attributes: Attributes): void {
    this.otel.setAttributes(present(attributes));
  }

  rename(name: string): void {
    this.otel.updateName(name);
  }

  end(error?: unknown): void {
    if (error !== undefined) {
      this.otel.setAttribute('error.type', typeOf(error));
      if (!isAnswer(error)) this.otel.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.otel.end();
  }
}

function contextOf({ traceparent, tracestate }: TraceContext = {}) {
  const parent = traceparent && parseTraceParent(traceparent);
  if (!parent) return ROOT_CONTEXT;
  const traceState = tracestate ? createTraceState(tracestate) : undefined;
  return trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceState, isRemote: true });
}

function samplerOf({ sampler, ratio }: TracingOptions): Sampler {
  const [, ofParent, root] = /^(parentbased_)?(.+)$/.exec(sampler)!;
  const own =
    root === 'always_off'
      ? new AlwaysOffSampler()
      : root === 'traceidratio'
        ? new TraceIdRatioBasedSampler(ratio)
        : new AlwaysOnSampler();
  return ofParent ? new ParentBasedSampler({ root: own }) : own;
}

const present = (attributes: Attributes) =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)) as OtelAttributes;

/** A stable code where there is one: messages may hold what people wrote. */
function typeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}

/** Errors that answer a caller: the work itself did what it should. Others are faults. */
const ANSWERS = new Set<unknown>([
  'invalid',
  'unauthenticated',
  'forbidden',
  'not-found',
  'conflict',
  'too-large',
  'rate-limited',
  'cancelled',
]);
const isAnswer = (error: unknown) => ANSWERS.has((error as { kind?: unknown } | null)?.kind);
