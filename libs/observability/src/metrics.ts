import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** All metrics of this process, for one page of Prometheus text. */
export const metrics = new Registry();

/** Figures of the runtime itself: memory, event loop lag, garbage collection. Once a process. */
export function collectRuntimeMetrics(): void {
  if (!metrics.getSingleMetric('process_cpu_user_seconds_total')) collectDefaultMetrics({ register: metrics });
}

/** From 100 µs, a local call, to 30 s, a deadline. */
const DURATION_BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

/** A duration in seconds, or any spread of values with buckets of its own. Label values must come from a small fixed set. */
export function histogram<L extends string>(
  name: string,
  help: string,
  labelNames: L[] = [],
  buckets: number[] = DURATION_BUCKETS,
): Histogram<L> {
  return existing<Histogram<L>>(name) ?? new Histogram({ name, help, labelNames, buckets, registers: [metrics] });
}

/** Something that only grows; `name` ends in `_total`. */
export function counter<L extends string>(name: string, help: string, labelNames: L[] = []): Counter<L> {
  return existing<Counter<L>>(name) ?? new Counter({ name, help, labelNames, registers: [metrics] });
}

/** Something that goes up and down; `collect` is called when the page is read. */
export function gauge<L extends string>(
  name: string,
  help: string,
  labelNames: L[] = [],
  collect?: (this: Gauge<L>) => void | Promise<void>,
): Gauge<L> {
  return existing<Gauge<L>>(name) ?? new Gauge({ name, help, labelNames, registers: [metrics], collect });
}

// Tests load a module more than once in a process; the second time gets the first's metric.
const existing = <M>(name: string) => metrics.getSingleMetric(name) as M | undefined;
