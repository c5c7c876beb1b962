import { Injectable } from '@nestjs/common';
import { Database, Projection, Projects, type StoredEvent } from '@app/persistence';
import { type ConversationEvent, conversationEvents } from '../domain/conversation.js';

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

  async apply(stored: StoredEvent): Promise<void> {
    // The stream of a conversation holds nothing else; the bus has checked the shapes.
    const event = { type: stored.type, data: stored.data } as unknown as ConversationEvent;
    const at = stored.occurredAt;
    switch (event.type) {
      case 'chat.conversation.started.v1':
        await this.db.query(
          `INSERT INTO chat.conversations (id, owner_id, title, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)`,
          [event.data.conversationId, event.data.ownerId, event.data.title ?? 'New chat', at],
        );
        return;
      case 'chat.conversation.renamed.v1':
        await this.db.query(`UPDATE chat.conversations SET title = $2 WHERE id = $1`, [
          event.data.conversationId,
          event.data.title,
        ]);
        return;
      case 'chat.conversation.deleted.v1':
        await this.db.query(
          `WITH gone AS (DELETE FROM chat.conversations WHERE id = $1)
           DELETE FROM chat.messages WHERE conversation_id = $1`,
          [event.data.conversationId],
        );
        return;
      case 'chat.message.sent.v1':
        await this.db.query(
          `WITH touched AS (UPDATE chat.conversations SET updated_at = $5 WHERE id = $2)
           INSERT INTO chat.messages (id, conversation_id, parent_id, role, text, status, created_at, position)
           VALUES ($1, $2, $3, 'user', $4, 'complete', $5, $6)`,
          [event.data.messageId, event.data.conversationId, event.data.parentId, event.data.text, at, stored.position],
        );
        return;
      case 'chat.answer.requested.v1':
        await this.db.query(
          `INSERT INTO chat.messages
             (id, conversation_id, parent_id, role, text, status, model, generation_id, created_at, position)
           VALUES ($1, $2, $3, 'assistant', '', 'pending', $4, $5, $6, $7)`,
          [
            event.data.messageId,
            event.data.conversationId,
            event.data.parentId,
            event.data.model,
            event.data.generationId,
            at,
            stored.position,
          ],
        );
        return;
      case 'chat.answer.finished.v1':
        await this.db.query(
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
      case 'chat.answer.stop-requested.v1':
        return;
    }
  }
}
