import { Inbox } from './inbox.js';

class Repeated extends Error {}

/** For tests without a database. */
export class MemoryInbox extends Inbox {
  private readonly handled = new Set<string>();

  async note(queue: string, messageId: string): Promise<void> {
    if (!(await this.record(queue, messageId))) throw new Repeated();
  }

  isRepeat(error: unknown): boolean {
    return error instanceof Repeated;
  }

  async record(queue: string, messageId: string): Promise<boolean> {
    if (await this.has(queue, messageId)) return false;
    this.handled.add(keyOf(queue, messageId));
    return true;
  }

  async has(queue: string, messageId: string): Promise<boolean> {
    return this.handled.has(keyOf(queue, messageId));
  }
}

const keyOf = (queue: string, messageId: string) => `${queue} ${messageId}`;
