import { performance } from 'node:perf_hooks';

const started = performance.now();

/** Seconds since this script began, as people read them. */
export const elapsed = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;

/** One line of progress: what is going on, and when it began. On stderr, so that a report on stdout stays clean. */
export const say = (line) => process.stderr.write(`[${elapsed().padStart(7)}] ${line}\n`);
