export * from './http-call.js';
export * from './logger.js';
export * from './metrics.js';
export * from './start-tracing.js';
export { headersOf, logFieldsOf, type TraceContext, traceContextOf } from './trace-context.js';
export * from './tracing.js';
