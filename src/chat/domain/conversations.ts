import type { Conversation } from './conversation.js';

/** Where conversations live. */
export abstract class Conversations {
  /** The conversation as its events tell it. Without events it belongs to nobody. */
  abstract find(id: string): Promise<Conversation>;
  /**
   * Stores what was recorded, and says when that happened; null when nothing was. Whoever changed it meanwhile wins
   * (`platform.stream-changed`).
   */
  abstract save(conversation: Conversation): Promise<Date | null>;
  /** Takes what was written in it out of its events, for good; that it was there, and when, stays. */
  abstract erase(id: string): Promise<void>;
}
