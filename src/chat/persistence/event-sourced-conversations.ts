import { Injectable } from '@nestjs/common';
import { EventStore } from '@app/persistence';
import { Conversation, type ConversationEvent } from '../domain/conversation.js';
import { Conversations } from '../domain/conversations.js';

const streamOf = (id: string) => `chat.conversation:${id}`;

@Injectable()
export class EventSourcedConversations extends Conversations {
  constructor(private readonly events: EventStore) {
    super();
  }

  async find(id: string): Promise<Conversation> {
    const stored = await this.events.read(streamOf(id));
    return new Conversation(id).load(stored as unknown as ConversationEvent[]);
  }

  async save(conversation: Conversation): Promise<Date | null> {
    if (conversation.pending.length === 0) return null;
    const stored = await this.events.append(streamOf(conversation.id), conversation.version, conversation.pending);
    conversation.committed();
    return stored.at(-1)!.occurredAt;
  }
}
