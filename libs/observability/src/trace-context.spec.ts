import { describe, expect, it } from 'vitest';
import { headersOf, logFieldsOf, traceContextOf } from './trace-context.js';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';
const traceparent = `00-${trace}-${span}-01`;

describe('a trace context', () => {
  it('is taken from headers and told in headers', () => {
    const context = traceContextOf({ traceparent, tracestate: 'a=1,b=2', other: 'x' });
    expect(context).toEqual({ traceparent, tracestate: 'a=1,b=2' });
    expect(headersOf(context)).toEqual({ traceparent, tracestate: 'a=1,b=2' });
    expect(headersOf(traceContextOf({ traceparent }))).toEqual({ traceparent });
  });

  it.each([
    ['none', undefined],
    ['two of them', [traceparent, traceparent]],
    ['no trace', `00-${'0'.repeat(32)}-${span}-01`],
    ['no span', `00-${trace}-${'0'.repeat(16)}-01`],
    ['capitals', traceparent.toUpperCase()],
    ['a version that is not known', traceparent.replace(/^00/, '01')],
    ['more at its end', `${traceparent}-more`],
    ['a long text', 'x'.repeat(8_000)],
  ])('is not taken from %s', (_, given) => {
    expect(traceContextOf({ traceparent: given, tracestate: 'a=1' })).toEqual({});
  });

  it.each([
    ['longer than everybody must pass on', `a=${'x'.repeat(511)}`],
    ['not of printable characters', 'a=\u0000'],
    ['given twice', ['a=1', 'b=2']],
  ])('goes on without a state that is %s', (_, tracestate) => {
    expect(traceContextOf({ traceparent, tracestate })).toEqual({ traceparent });
  });

  it('names its trace and its span for the log', () => {
    expect(logFieldsOf({ traceparent })).toEqual({ trace_id: trace, span_id: span });
    expect(logFieldsOf({})).toBeUndefined();
  });
});
