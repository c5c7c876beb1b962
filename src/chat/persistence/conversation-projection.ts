import { Injectable } from '@nestjs/common';
import { Database, Projection, Projects, type StoredEvent } from '@app/persistence';
import {
  AnswerRequested,
  BrowserAnswerStarted,
  ConversationRenamed,
  MessageRecovered,
  MessageSent,
} from '../contracts/index.js';
import { type ConversationEvent, conversationEvents } from '../domain/conversation.js';
import { UNTITLED } from '../domain/title.js';

/** Conversation list and message tree, written in the transaction of the event. */
@Projects()
@Injectable()
export class ConversationProjection extends Projection {
  readonly name = 'chat.conversations';
  readonly types = conversationEvents.map((event) => event.type);

  constructor(private readonly db: Database) {
    super();
  }

  async reset(): Promise<void> {
    await this.db.query(`TRUNCATE chat.conversations, chat.messages`);
  }

  async apply(stored: readonly StoredEvent[]): Promise<void> {
    let growth: Growth | undefined;
    for (const { type, data, occurredAt: at, position } of stored) {
      // The stream of a conversation holds nothing else; the bus has checked the shapes.
      const event = { type, data } as unknown as ConversationEvent;
      const { conversationId } = event.data;
      // What one command adds to one conversation is one statement.
      if (growth && !(grows(event) && growth.conversationId === conversationId)) {
        await this.#grow(growth);
        growth = undefined;
      }
      if (grows(event)) add(event, (growth ??= { conversationId, messages: [] }), at, position);
      else await this.#change(event, at);
    }
    if (growth) await this.#grow(growth);
  }

  async #grow({ conversationId, title, touchedAt, messages }: Growth): Promise<void> {
    await this.db.write(
      `WITH touched AS (
         UPDATE chat.conversations SET title = coalesce($2, title), updated_at = coalesce($3, updated_at)
         WHERE id = $1 AND ($2::text IS NOT NULL OR $3::timestamptz IS NOT NULL)
       )
       INSERT INTO chat.messages
         (id, conversation_id, parent_id, role, text, status, model, generation_id, created_at, position, error, metadata)
       SELECT id, $1, "parentId", role, text, status, model, "generationId", at, position, error, metadata
       FROM jsonb_to_recordset($4::jsonb) AS fresh(
         id uuid, "parentId" uuid, role text, text text, status text, model text, "generationId" uuid, at timestamptz,
         position bigint, error jsonb, metadata jsonb)`,
      [conversationId, title ?? null, touchedAt ?? null, JSON.stringify(messages)],
    );
  }

  async #change(event: Exclude<ConversationEvent, GrowingEvent>, at: Date): Promise<void> {
    switch (event.type) {
      case 'chat.conversation.started.v1':
        await this.db.write(
          `INSERT INTO chat.conversations (id, owner_id, title, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)`,
          [event.data.conversationId, event.data.ownerId, event.data.title ?? UNTITLED, at],
        );
        return;
      case 'chat.conversation.deleted.v1':
        await this.db.write(
          `WITH gone AS (DELETE FROM chat.conversations WHERE id = $1)
           DELETE FROM chat.messages WHERE conversation_id = $1`,
          [event.data.conversationId],
        );
        return;
      case 'chat.answer.finished.v1':
        await this.db.write(
          `WITH touched AS (UPDATE chat.conversations SET updated_at = $7 WHERE id = $2)
           UPDATE chat.messages
           SET text = $3, status = $4, error = $5::jsonb, metadata = $6::jsonb,
               model = coalesce($6::jsonb ->> 'model', model)
           WHERE id = $1`,
          [
            event.data.messageId,
            event.data.conversationId,
            event.data.text,
            event.data.status,
            event.data.error && JSON.stringify(event.data.error),
            event.data.metadata && JSON.stringify(event.data.metadata),
            at,
          ],
        );
        return;
      case 'chat.browser-answer.grew.v1':
        // It begins where the text ends: the conversation has seen to that.
        await this.db.write(`UPDATE chat.messages SET text = text || $2 WHERE id = $1 AND status = 'pending'`, [
          event.data.messageId,
          event.data.text,
        ]);
        return;
      case 'chat.answer.stop-requested.v1':
      case 'chat.conversation.recovered.v1':
        return;
    }
  }
}

type GrowingEvent = MessageSent | MessageRecovered | AnswerRequested | BrowserAnswerStarted | ConversationRenamed;

/** What events in a row add to one conversation. */
interface Growth {
  readonly conversationId: string;
  title?: string;
  touchedAt?: Date;
  readonly messages: object[];
}

const growing: readonly string[] = [
  MessageSent.type,
  MessageRecovered.type,
  AnswerRequested.type,
  BrowserAnswerStarted.type,
  ConversationRenamed.type,
];
const grows = (event: ConversationEvent): event is GrowingEvent => growing.includes(event.type);

function add(event: GrowingEvent, growth: Growth, at: Date, position: string): void {
  switch (event.type) {
    case 'chat.conversation.renamed.v1':
      growth.title = event.data.title;
      return;
    case 'chat.message.sent.v1': {
      const { messageId: id, parentId, text } = event.data;
      growth.touchedAt = at;
      growth.messages.push({ id, parentId, role: 'user', text, status: 'complete', at, position });
      return;
    }
    case 'chat.message.recovered.v1': {
      const { messageId: id, conversationId: _, createdAt, ...message } = event.data;
      growth.touchedAt = at;
      // JSON null is not the database's.
      const { error, metadata } = message;
      const more = { error: error ?? undefined, metadata: metadata ?? undefined };
      growth.messages.push({ ...message, ...more, id, at: createdAt, position });
      return;
    }
    case 'chat.browser-answer.started.v1': {
      const { messageId: id, parentId, model } = event.data;
      growth.touchedAt = at;
      const rest = { model, generationId: null, at, position };
      growth.messages.push({ id, parentId, role: 'assistant', text: '', status: 'pending', ...rest });
      return;
    }
    case 'chat.answer.requested.v1': {
      const { messageId: id, parentId, model, generationId } = event.data;
      const rest = { model, generationId, at, position };
      growth.messages.push({ id, parentId, role: 'assistant', text: '', status: 'pending', ...rest });
    }
  }
}
