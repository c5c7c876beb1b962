import { Injectable } from '@nestjs/common';

/** The downloads of this process: one at a time for each file, and a way to stop them. */
@Injectable()
export class RunningInstalls {
  private readonly running = new Map<string, AbortController>();
  private readonly last = new Map<string, Promise<unknown>>();

  /** Runs `work` with a signal that `stop` and the given one abort. */
  async run<T>(installId: string, signal: AbortSignal, work: (stop: AbortController) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const forward = () => controller.abort(signal.reason);
    if (signal.aborted) forward();
    signal.addEventListener('abort', forward, { once: true });
    this.running.set(installId, controller);
    try {
      return await work(controller);
    } finally {
      signal.removeEventListener('abort', forward);
      if (this.running.get(installId) === controller) this.running.delete(installId);
    }
  }

  stop(installId: string, reason: Error): void {
    this.running.get(installId)?.abort(reason);
  }

  /** Runs `work` after everything else that was started for the same key. */
  async exclusive<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.last.get(key);
    const result = (async () => {
      await before?.catch(() => undefined);
      return work();
    })();
    this.last.set(key, result);
    try {
      return await result;
    } finally {
      if (this.last.get(key) === result) this.last.delete(key);
    }
  }
}
