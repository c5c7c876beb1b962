import { type TracingOptions, useTracer } from './tracing.js';

/**
 * From now on `tracer()` is there. OpenTelemetry's SDK is loaded here and nowhere else.
 *
 * @returns what ends it: sends what is kept, within so many milliseconds
 */
export async function startTracing(options: TracingOptions): Promise<(withinMs: number) => Promise<void>> {
  const { openTelemetry } = await import('./open-telemetry.js');
  const { tracer, stop } = openTelemetry(options);
  useTracer(tracer);
  return async (withinMs) => {
    useTracer(undefined);
    await stop(withinMs);
  };
}
