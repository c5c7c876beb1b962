/** What travels from one process to the next, as W3C Trace Context writes it. */
export interface TraceContext {
  /** `00-<32 hex digits: trace>-<16 hex digits: span>-<2 hex digits: flags>` */
  readonly traceparent?: string;
  /** What other tracing systems on the way added; passed on as it is. */
  readonly tracestate?: string;
}

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** As far as the standard asks everybody to pass it on. */
const MOST_STATE = 512;
const STATE = /^[\x20-\x7e]+$/;
const NONE: TraceContext = {};

/** What a caller says in its headers; nothing where that is no trace context, for it goes into messages and the database. */
export function traceContextOf(headers: Readonly<Record<string, string | string[] | undefined>>): TraceContext {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return NONE;
  const passable = typeof tracestate === 'string' && tracestate.length <= MOST_STATE && STATE.test(tracestate);
  return passable ? { traceparent, tracestate } : { traceparent };
}

/** The headers that tell the next one. */
export const headersOf = ({ traceparent, tracestate }: TraceContext): Record<string, string> => ({
  ...(traceparent && { traceparent }),
  ...(tracestate && { tracestate }),
});

/** Fields of a log line, by the names that OpenTelemetry gives them. */
export const logFieldsOf = ({ traceparent }: TraceContext): { trace_id: string; span_id: string } | undefined =>
  traceparent === undefined ? undefined : { trace_id: traceparent.slice(3, 35), span_id: traceparent.slice(36, 52) };
