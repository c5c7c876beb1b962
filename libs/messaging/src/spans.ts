import { type Span, type SpanStart, tracer } from '@app/observability';
import { messageContext, runInContext } from './context.js';
import type { Envelope } from './message.js';

/** Runs `work` below the span: what it stores, sends and asks for is below it, too. Without one it is just run. */
export function runBelow<T>(span: Span | undefined, work: () => T): T {
  const context = messageContext();
  if (!span || !context) return work();
  const { traceparent, tracestate } = span;
  return runInContext({ ...context, traceparent, tracestate }, work);
}

/** The message as the span sends it. */
export const below = (span: Span | undefined, envelope: Envelope): Envelope =>
  span ? { ...envelope, traceparent: span.traceparent } : envelope;

/** Ends the span as the work ends. */
export function ending<T>(span: Span | undefined, work: Promise<T>): Promise<T> {
  if (span) {
    work.then(
      () => span.end(),
      (error: unknown) => span.end(error ?? 'unknown'),
    );
  }
  return work;
}

/** Each step of the stream is below the span. */
export function streamBelow<T>(span: Span | undefined, items: AsyncIterable<T>): AsyncIterable<T> {
  return span ? { [Symbol.asyncIterator]: () => stepsBelow(span, items[Symbol.asyncIterator]()) } : items;
}

/** The same, and the span ends when the last item was read, the stream failed or its reader left. */
export function endingStream<T>(span: Span | undefined, items: AsyncIterable<T>): AsyncIterable<T> {
  if (!span) return items;
  let ended = false;
  const end = (error?: unknown) => {
    if (!ended) span.end(error);
    ended = true;
  };
  return { [Symbol.asyncIterator]: () => stepsBelow(span, items[Symbol.asyncIterator](), end) };
}

function stepsBelow<T>(span: Span, items: AsyncIterator<T>, end?: (error?: unknown) => void): AsyncIterator<T> {
  return {
    async next() {
      try {
        const item = await runBelow(span, () => items.next());
        if (item.done) end?.();
        return item;
      } catch (error) {
        end?.(error ?? 'unknown');
        throw error;
      }
    },
    async return() {
      end?.();
      await runBelow(span, () => items.return?.());
      return { done: true, value: undefined };
    },
  };
}

/** A message on its way over the transport: `send` and `publish` begin it, `process` ends it. */
export function startMessageSpan(
  operation: 'send' | 'publish' | 'process',
  { id, type, correlationid, traceparent, tracestate }: Omit<Envelope, 'data' | 'source' | 'time'>,
  { system }: { readonly system: string },
  { queue = type, attempt }: { queue?: string; attempt?: number } = {},
): Span | undefined {
  return tracer()?.start(
    {
      name: `${operation} ${queue}`,
      kind: KINDS[operation],
      attributes: {
        'messaging.system': system,
        'messaging.operation.name': operation,
        'messaging.operation.type': operation === 'process' ? 'process' : 'send',
        'messaging.destination.name': queue,
        'messaging.message.id': id,
        'messaging.message.conversation_id': correlationid,
        'parley.message.type': type,
        'parley.delivery.attempt': attempt,
      },
    },
    { traceparent, tracestate },
  );
}

const KINDS: Record<'send' | 'publish' | 'process', SpanStart['kind']> = {
  send: 'client',
  publish: 'producer',
  process: 'consumer',
};
