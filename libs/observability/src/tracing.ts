import type { TraceContext } from './trace-context.js';

/** Never what people wrote, nor an address, a key or a token: facts and counts. What is undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface SpanStart {
  /** Of a small fixed set, as label values of metrics are: a route or a message type, never an id. */
  readonly name: string;
  /** Default `internal`. */
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly attributes?: Attributes;
}

/** A piece of work that is being measured. It is a trace context: what it sets off is below it. */
export interface Span extends TraceContext {
  readonly traceparent: string;
  set(attributes: Attributes): void;
  rename(name: string): void;
  /** Once. Of an error its code or name is told, and never its message. */
  end(error?: unknown): void;
}

export interface Tracer {
  /** At an edge: below what the caller said, or the first of a new trace. */
  begin(span: SpanStart, caller?: TraceContext): Span;
  /**
   * Below `parent`, which is the work that goes on unless said otherwise. Undefined where that is not traced: what happens
   * by itself each second makes no traces.
   */
  start(span: SpanStart, parent?: TraceContext): Span | undefined;
}

let current: Tracer | undefined;

/**
 * The tracer of this process; undefined while tracing is off, so that a seam that calls it as
 * `tracer()?.start({ … })` makes nothing of its arguments.
 */
export const tracer = (): Tracer | undefined => current;

/** From now on this is the tracer of the process; undefined turns tracing off. */
export function useTracer(next: Tracer | undefined): void {
  current = next;
}

export interface TracingOptions {
  /** Base URL of an OTLP/HTTP receiver; `/v1/traces` is added. */
  endpoint: string;
  /** `service.name`, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES say another. */
  service: string;
  version: string;
  /** Which traces are kept, by OpenTelemetry's names: `always_on`, `always_off`, `traceidratio`; `parentbased_…`. */
  sampler: string;
  /** Part of the traces that a ratio sampler keeps, 0 to 1. */
  ratio: number;
  /** Of the work that goes on. */
  ambient: () => TraceContext | undefined;
  /** Told once when traces cannot be exported, and once when they can be again. */
  onExport: (outcome: { ok: boolean; error?: Error }) => void;
}
