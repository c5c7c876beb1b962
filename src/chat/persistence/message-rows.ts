import type { Database } from '@app/persistence';
import type { ConversationSummary, MessageView } from '../contracts/index.js';
import { messageNotFound } from '../domain/errors.js';

export interface ConversationRow {
  id: string;
  title: string;
  created_at: Date;
  updated_at: Date;
}

export interface MessageRow {
  id: string;
  conversation_id: string;
  parent_id: string | null;
  role: 'user' | 'assistant';
  text: string;
  status: MessageView['status'];
  model: string | null;
  error: MessageView['error'];
  metadata: MessageView['metadata'];
  created_at: Date;
}

export const messageColumns = 'id, conversation_id, parent_id, role, text, status, model, error, metadata, created_at';

export const toSummary = (row: ConversationRow): ConversationSummary => ({
  id: row.id,
  title: row.title,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

export const toMessage = (row: MessageRow): MessageView => ({
  id: row.id,
  conversationId: row.conversation_id,
  parentId: row.parent_id,
  role: row.role,
  text: row.text,
  status: row.status,
  model: row.model,
  error: row.error,
  metadata: row.metadata,
  createdAt: row.created_at.toISOString(),
});

/** The views of these messages, in the order asked for. */
export async function readMessages(db: Database, ids: string[]): Promise<MessageView[]> {
  const rows = await db.query<MessageRow>(`SELECT ${messageColumns} FROM chat.messages WHERE id = ANY($1)`, [ids]);
  return ids.map((id) => {
    const row = rows.find((candidate) => candidate.id === id);
    if (!row) throw messageNotFound(id);
    return toMessage(row);
  });
}
