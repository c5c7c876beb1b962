import { Injectable } from '@nestjs/common';
import { Database, EventStore } from '@app/persistence';
import { Conversation, type ConversationEvent } from '../domain/conversation.js';
import { Conversations } from '../domain/conversations.js';

/** How many conversations are kept in memory, and how many messages each may have for that. */
const MOST_KEPT = 100;
const MOST_MESSAGES_KEPT = 500;

/** Fields of a conversation's events that hold what was written in it. */
const CONTENT = ['text', 'title'];

const streamOf = (id: string) => `chat.conversation:${id}`;

/**
 * Conversations from their events. Those that were stored last stay in memory, each for one taker at a time: what has
 * come since is read behind them, unless nobody else could have written. That the version is still the same is checked
 * when they are stored, as ever.
 */
@Injectable()
export class EventSourcedConversations extends Conversations {
  readonly #kept = new Map<string, Conversation>();

  constructor(
    private readonly events: EventStore,
    private readonly db: Database,
  ) {
    super();
  }

  async find(id: string): Promise<Conversation> {
    const kept = this.#kept.get(id);
    this.#kept.delete(id);
    if (kept && this.db.isExclusive) return kept;
    const conversation = kept ?? new Conversation(id);
    const stored = await this.events.read(streamOf(id), conversation.version);
    return conversation.load(stored as unknown as ConversationEvent[]);
  }

  async save(conversation: Conversation): Promise<Date | null> {
    if (conversation.pending.length === 0) return null;
    const stored = await this.events.append(streamOf(conversation.id), conversation.version, conversation.pending);
    conversation.committed();
    this.db.afterCommit(() => this.#keep(conversation));
    return stored.at(-1)!.occurredAt;
  }

  erase(id: string): Promise<void> {
    return this.events.erase([streamOf(id)], CONTENT);
  }

  #keep(conversation: Conversation): void {
    const { id, size, version } = conversation;
    if (size > MOST_MESSAGES_KEPT || (this.#kept.get(id)?.version ?? 0) > version) return;
    this.#kept.delete(id);
    this.#kept.set(id, conversation);
    // A Map keeps its order: the first is the one that was stored longest ago.
    if (this.#kept.size > MOST_KEPT) for (const [oldest] of this.#kept) return void this.#kept.delete(oldest);
  }
}
