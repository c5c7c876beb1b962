import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Inboxes } from '../persistence/inboxes.js';
import { Wakes } from './wakes.js';

/** How often the database is asked for what another process stored: one query for all who follow here. */
const LOOK_MS = 1_000;

interface Watcher {
  readonly userId: string;
  revision: string | null;
  wake: () => void;
}

/** Wakes those who follow a person's notifications when there is a new revision, whichever process made it. */
@Injectable()
export class NotificationFeed implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Notifications');
  private readonly watchers = new Set<Watcher>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly inboxes: Inboxes,
    wakes: Wakes,
  ) {
    wakes.onNotifications((userIds) => this.changed(userIds));
  }

  /** `next` resolves when there may be something after `seen`, and when `signal` aborts. */
  watch(userId: string): Disposable & { next(seen: string | null, signal: AbortSignal): Promise<void> } {
    const watcher: Watcher & { missed: boolean } = { userId, revision: null, missed: false, wake: () => undefined };
    // A wake while nobody waits is kept for the next wait.
    const idle = () => (watcher.missed = true);
    watcher.wake = idle;
    this.watchers.add(watcher);
    this.timer ??= setTimeout(() => void this.look(), LOOK_MS);
    return {
      next: async (seen, signal) => {
        watcher.revision = seen;
        if (watcher.missed || signal.aborted) {
          watcher.missed = false;
          return;
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        watcher.wake = resolve;
        signal.addEventListener('abort', resolve as () => void, { once: true });
        await promise;
        signal.removeEventListener('abort', resolve as () => void);
        watcher.wake = idle;
      },
      [Symbol.dispose]: () => {
        this.watchers.delete(watcher);
        if (this.watchers.size > 0) return;
        clearTimeout(this.timer);
        this.timer = undefined;
      },
    };
  }

  beforeApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private changed(userIds: readonly string[]): void {
    for (const watcher of [...this.watchers]) if (userIds.includes(watcher.userId)) watcher.wake();
  }

  private async look(): Promise<void> {
    const own = this.timer;
    try {
      const userIds = [...new Set([...this.watchers].map(({ userId }) => userId))];
      const revisions = await this.inboxes.revisions(userIds);
      for (const watcher of [...this.watchers]) {
        const now = revisions.get(watcher.userId);
        if (now !== undefined && watcher.revision !== null && now !== watcher.revision) watcher.wake();
      }
    } catch (err) {
      // The next look may find the database again.
      this.logger.warn({ msg: 'Could not look for new notifications', err });
    }
    // Unless everybody left meanwhile, and somebody came and began anew.
    if (own && this.timer === own) this.timer = setTimeout(() => void this.look(), LOOK_MS);
  }
}
