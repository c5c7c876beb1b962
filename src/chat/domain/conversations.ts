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
}
