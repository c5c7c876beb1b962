import { type Clock, SystemClock } from '@app/kernel';
import { Inbox } from './inbox.js';

/** For tests without a database. */
export class MemoryInbox extends Inbox {
  private readonly handledAt = new Map<string, Date>();

  constructor(private readonly clock: Clock = new SystemClock()) {
    super();
  }

  async record(queue: string, messageId: string): Promise<boolean> {
    if (await this.has(queue, messageId)) return false;
    this.handledAt.set(keyOf(queue, messageId), this.clock.now());
    return true;
  }

  async has(queue: string, messageId: string): Promise<boolean> {
    return this.handledAt.has(keyOf(queue, messageId));
  }

  async prune(olderThanDays: number): Promise<number> {
    const limit = this.clock.now().getTime() - olderThanDays * 86_400_000;
    const old = [...this.handledAt].filter(([, at]) => at.getTime() < limit);
    for (const [key] of old) this.handledAt.delete(key);
    return old.length;
  }
}

const keyOf = (queue: string, messageId: string) => `${queue} ${messageId}`;
