import { isLater } from '../api/events.js';
import { Store } from '../api/store.js';

/** How many are unread, as of which change. */
export interface Counted {
  unreadCount: number;
  revision: string;
}

/** The newest count that the server gave. Answers and events overtake each other: the revision says which is newer. */
export class UnreadCount {
  private readonly store = new Store(0);
  private revision: string | null = null;

  readonly get = this.store.get;
  readonly subscribe = this.store.subscribe;

  take({ unreadCount, revision }: Counted): void {
    if (this.revision !== null && isLater(this.revision, revision)) return;
    this.revision = revision;
    this.store.set(unreadCount);
  }

  /** Revisions are those of one person. */
  forget(): void {
    this.revision = null;
    this.store.set(0);
  }
}
