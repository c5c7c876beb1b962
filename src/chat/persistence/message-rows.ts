import type { Database } from '@app/persistence';
import type { ConversationSummary, ConversationView, MessageRecovered, MessageView } from '../contracts/index.js';
import { conversationNotFound, messageNotFound } from '../domain/errors.js';

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
  generation_id: string | null;
}

export const messageColumns =
  'id, conversation_id, parent_id, role, text, status, model, error, metadata, created_at, generation_id';

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
  runsIn: row.role === 'assistant' && row.generation_id === null ? 'browser' : 'server',
  model: row.model,
  error: row.error,
  metadata: row.metadata,
  createdAt: row.created_at.toISOString(),
});

/** The conversation with all its messages, for its owner. */
export async function readConversation(db: Database, id: string, ownerId: string): Promise<ConversationView> {
  const [conversation] = await db.query<ConversationRow>(
    `SELECT id, title, created_at, updated_at FROM chat.conversations WHERE id = $1 AND owner_id = $2`,
    [id, ownerId],
  );
  if (!conversation) throw conversationNotFound(id);
  const messages = await db.query<MessageRow>(
    `SELECT ${messageColumns} FROM chat.messages WHERE conversation_id = $1 ORDER BY position`,
    [id],
  );
  return { ...toSummary(conversation), messages: messages.map(toMessage) };
}

/** The views of these messages, in the order asked for. */
export async function readMessages(db: Database, ids: string[]): Promise<MessageView[]> {
  const rows = await db.query<MessageRow>(`SELECT ${messageColumns} FROM chat.messages WHERE id = ANY($1)`, [ids]);
  return ids.map((id) => {
    const row = rows.find((candidate) => candidate.id === id);
    if (!row) throw messageNotFound(id);
    return toMessage(row);
  });
}

/** All that makes these messages, oldest first, to keep them in another conversation. Nobody there writes on for the server. */
export async function readRecoverable(
  db: Database,
  ids: readonly string[],
): Promise<Omit<MessageRecovered['data'], 'conversationId'>[]> {
  const rows = await db.query<MessageRow>(
    `SELECT ${messageColumns} FROM chat.messages WHERE id = ANY($1) ORDER BY position`,
    [ids],
  );
  return rows.map((row) => {
    const { id: messageId, conversationId: _, runsIn, ...message } = toMessage(row);
    const stopped = message.status === 'pending' && runsIn === 'server';
    const status = stopped ? ('stopped' as const) : message.status;
    return { ...message, messageId, status, generationId: row.generation_id };
  });
}

/** What was said from the first message to the one that this answer answers, oldest first. */
export async function readPath(
  db: Database,
  conversationId: string,
  answerId: string,
): Promise<{ role: 'user' | 'assistant'; content: string }[]> {
  const messages = await db.query<{ role: 'user' | 'assistant'; content: string }>(
    `WITH RECURSIVE path AS (
       SELECT p.id, p.parent_id, p.role, p.text, 1 AS depth
       FROM chat.messages a JOIN chat.messages p ON p.id = a.parent_id
       WHERE a.id = $1 AND a.conversation_id = $2
       UNION ALL
       SELECT m.id, m.parent_id, m.role, m.text, path.depth + 1
       FROM path JOIN chat.messages m ON m.id = path.parent_id
     )
     SELECT role, text AS content FROM path ORDER BY depth DESC`,
    [answerId, conversationId],
  );
  if (messages.length === 0) throw messageNotFound(answerId);
  return messages;
}
