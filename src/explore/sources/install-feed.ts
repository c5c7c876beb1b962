import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { InstallView } from '../contracts/index.js';

/** Changes of installs of this process, for whoever watches. Each watcher sees the newest state, not each step to it. */
@Injectable()
export class InstallFeed {
  private readonly changes = new EventEmitter().setMaxListeners(0);

  publish(view: InstallView): void {
    this.changes.emit(view.id, view);
  }

  watch(installId: string): InstallWatch {
    return new InstallWatch(this.changes, installId);
  }
}

export class InstallWatch implements Disposable {
  private newest: InstallView | undefined;
  private wake: () => void = () => undefined;

  private readonly listener = (view: InstallView): void => {
    this.newest = view;
    this.wake();
  };

  constructor(
    private readonly changes: EventEmitter,
    private readonly installId: string,
  ) {
    changes.on(installId, this.listener);
  }

  /** The newest state since the last call; undefined when none came within `timeoutMs`. */
  async next(timeoutMs: number, signal: AbortSignal): Promise<InstallView | undefined> {
    if (!this.newest) {
      using timer = new AbortTimer(signal);
      await Promise.race([new Promise<void>((resolve) => (this.wake = resolve)), timer.wait(timeoutMs)]);
    }
    const view = this.newest;
    this.newest = undefined;
    return view;
  }

  [Symbol.dispose](): void {
    this.changes.off(this.installId, this.listener);
  }
}

/** A wait that leaves no timer behind when something else was quicker. */
class AbortTimer implements Disposable {
  private readonly stop = new AbortController();

  constructor(private readonly signal: AbortSignal) {}

  async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: AbortSignal.any([this.signal, this.stop.signal]) }).catch(() => undefined);
  }

  [Symbol.dispose](): void {
    this.stop.abort();
  }
}
