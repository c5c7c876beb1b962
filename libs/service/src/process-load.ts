import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How busy a process was since its last beat. */
export interface ProcessLoad {
  /** 99th percentile of how late the event loop was, in milliseconds. */
  eventLoopLagMs: number;
  /** Resident memory, its engine's child process not included. */
  residentBytes: number;
  /** Processor time over wall time: 1 is one core, all the time. */
  cpuShare: number;
  /** HTTP requests being answered, open streams included; null where nothing is served over HTTP. */
  runningRequests: number | null;
}

const RESOLUTION_MS = 20;

/** Measures this process between two calls of `read`. */
export class LoadMeter {
  private readonly lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private cpu = process.cpuUsage();
  private at = performance.now();

  start(): void {
    this.lag.enable();
  }

  stop(): void {
    this.lag.disable();
  }

  read(): Omit<ProcessLoad, 'runningRequests'> {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.cpu);
    const elapsedMicros = Math.max(1, (now - this.at) * 1000);
    // The histogram counts the timer's own period as delay.
    const lag = this.lag.count > 0 ? this.lag.percentile(99) / 1e6 - RESOLUTION_MS : 0;
    this.cpu = process.cpuUsage();
    this.at = now;
    this.lag.reset();
    return {
      eventLoopLagMs: Math.round(Math.max(0, lag) * 10) / 10,
      residentBytes: process.memoryUsage.rss(),
      cpuShare: Math.round(((user + system) / elapsedMicros) * 1000) / 1000,
    };
  }
}
